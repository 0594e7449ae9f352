import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { isSameVersion, type VersionRef } from "../feed/VersionRef.ts"
import type { ProjectionCatalog } from "./ProjectionCatalog.ts"
import { versionProgress } from "./versions.ts"

/** A version that the database knows. */
export interface ListedVersion extends VersionRef {
  /**
   * Whether it is read, fed beside the version that is read, or still to be rebuilt.
   * "PartlyActive" is read by some users: a switch in several databases has not ended.
   */
  readonly state: "Active" | "PartlyActive" | "Following" | "ToBeRebuilt"
  /** Whether it was read before the active one, so that a rollback goes back to it. */
  readonly isPrevious: boolean
  /** Whether this code can run it. */
  readonly code: "Runs" | "FailsOnSampleLog" | "NotInThisCode"
  /** Whether its source changed since its rows were known to agree with it. */
  readonly isSourceChanged: boolean
  /** Events of the log that are folded, and those that are left. */
  readonly done: bigint
  readonly behind: bigint
  /** Users who are parked in it. */
  readonly parked: bigint
}

/** Every version that the database knows, by name and number. */
export const listVersions = (
  sql: PgClient.PgClient,
  { changedSources, failing, stores }: ProjectionCatalog["Service"]
): Effect.Effect<ReadonlyArray<ListedVersion>, SqlError.SqlError> =>
  Effect.gen(function*() {
    const rows = yield* versionProgress(sql)
    const changed = yield* changedSources
    return rows.map(({ active, done, parked, previous, projection, state, total, version }) => {
      const own = { name: projection, version }
      const isOwn = ({ projection }: { readonly projection: VersionRef }) => isSameVersion(projection, own)
      return {
        ...own,
        state: active === true ? "Active" : state === "building" ? "ToBeRebuilt" : "Following",
        isPrevious: previous === true,
        code: failing.some((one) => one.projection === projection && one.version === version)
          ? "FailsOnSampleLog"
          : stores.some(isOwn)
          ? "Runs"
          : "NotInThisCode",
        isSourceChanged: changed.some(isOwn),
        done,
        behind: total - done,
        parked
      }
    })
  })

/**
 * The version in the whole log, from what each of its databases knows: the least advanced counts.
 */
export const addListed = (one: ListedVersion, other: ListedVersion): ListedVersion => ({
  ...one,
  state: one.state === other.state
    ? one.state
    : [one, other].some(({ state }) => state === "ToBeRebuilt")
    ? "ToBeRebuilt"
    : "PartlyActive",
  isPrevious: one.isPrevious && other.isPrevious,
  code: one.code === "Runs" ? other.code : one.code,
  isSourceChanged: one.isSourceChanged || other.isSourceChanged,
  done: one.done + other.done,
  behind: one.behind + other.behind,
  parked: one.parked + other.parked
})
