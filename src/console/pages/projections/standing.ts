import type { ListedJob } from "../../../jobs/Jobs.ts"
import { versionId, type VersionRef } from "../../../projections/feed/VersionRef.ts"

/** The last comparison of all users of a version that was done since its last rebuild here. */
export const lastComparison = (jobs: ReadonlyArray<ListedJob>, version: VersionRef): ListedJob | undefined => {
  // The newest come first.
  const own = jobs.filter(({ state, subject }) => subject === versionId(version) && state === "Done")
  const rebuilt = own.findIndex(({ kind }) => kind === "rebuild")
  return own.slice(0, rebuilt === -1 ? own.length : rebuilt).find((job) => job.kind === "diff" && !isSample(job))
}

/** Whether all users were compared. */
export const isCompared = (jobs: ReadonlyArray<ListedJob>, version: VersionRef): boolean => lastComparison(jobs, version) !== undefined

/** Whether a comparison is of a part of the users. */
export const isSample = ({ input }: ListedJob): boolean => typeof input === "object" && input !== null && "sample" in input
