import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import type { EventLogCorrupt } from "../../event-log/EventLog.ts"
import type { FeedSource } from "../feed/feedChunk.ts"
import { versionId } from "../feed/VersionRef.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { addDiffs, diffVersions, type VersionDiff } from "./diffVersions.ts"
import { findActive } from "./findVersion.ts"
import type { ProjectionCatalog } from "./ProjectionCatalog.ts"
import { rebuild, type RebuildProgress } from "./rebuild.ts"
import { addSections } from "./SectionComparison.ts"
import { slicesWithEvents } from "./slicesWithEvents.ts"
import { versionStates } from "./versions.ts"

/**
 * Two versions cannot be compared.
 *
 * - `NoOtherVersion`: no other version of the projection is active, or this code cannot run it.
 * - `NotRebuilt`: the version is still to be rebuilt, and no sample was asked for.
 */
export class DiffRefused extends Schema.TaggedError<DiffRefused>("playtally/projections/DiffRefused")("DiffRefused", {
  reason: Schema.Literals(["NoOtherVersion", "NotRebuilt"]),
  projection: Schema.String,
  message: Schema.String
}) {}

/** What a version changes against the active one. */
export interface Comparison {
  /** The active version. */
  readonly before: AnyProjection
  /** The version that may take over. */
  readonly after: AnyProjection
  readonly diff: VersionDiff
  /** Those of the two whose source changed since their rows were known to agree with it. */
  readonly changedSources: ReadonlyArray<AnyProjection>
}

export interface DiffOptions {
  /** The part of the users to compare, above 0 and at most 1; all users if it is left out. */
  readonly sample?: number | undefined
  /** How far the rebuild of the sample is, if there is one. */
  readonly onProgress?: (progress: RebuildProgress) => Effect.Effect<void>
  /** How many of the slices are compared. */
  readonly onCompared?: (compared: { readonly done: number; readonly total: number }) => Effect.Effect<void>
}

/**
 * Compares a version with the active one. For a sample it takes every nth slice: users are spread
 * over the slices by a hash, so one slice is as good as another. A version that is not rebuilt yet
 * is first rebuilt in the slices of the sample, which a later rebuild need not do again.
 */
export const compareWithActive = (
  source: FeedSource & { readonly catalog: ProjectionCatalog["Service"] },
  after: ProjectionStore,
  { onCompared = () => Effect.void, onProgress = () => Effect.void, sample }: DiffOptions
): Effect.Effect<Comparison, DiffRefused | EventLogCorrupt | SqlError.SqlError> =>
  Effect.gen(function*() {
    const { catalog, sql } = source
    const { name, version } = after.projection
    const refuse = (reason: DiffRefused["reason"], message: string) =>
      new DiffRefused({ reason, projection: name, message: `${versionId(after.projection)} ${message}` })
    const before = (yield* findActive(sql, catalog, name))?.store
    if (before === undefined || before === after) {
      return yield* refuse("NoOtherVersion", "has no other version to be compared with that is active and in this code.")
    }
    const nth = sample === undefined ? 1 : Math.max(1, Math.round(1 / sample))
    const slices = (yield* slicesWithEvents(sql)).filter((_, index) => index % nth === 0)
    const state = (yield* versionStates(sql)).find((known) => known.projection === name && known.version === version)
    if (state?.state !== "following") {
      if (sample === undefined) return yield* refuse("NotRebuilt", "has not been rebuilt from the log yet.")
      yield* rebuild(source, [after], { slices, onProgress })
    }
    const diff = yield* diffVersions(source, { before, after }, { slices, onCompared })
    const changedSources = (yield* catalog.changedSources).filter((store) => store === before || store === after)
    return {
      before: before.projection,
      after: after.projection,
      diff,
      changedSources: changedSources.map(({ projection }) => projection)
    }
  })

/** The comparison of all users, from the comparisons of some users each. */
export const addComparisons = (one: Comparison, other: Comparison): Comparison => ({
  ...one,
  diff: { ...addDiffs(one.diff, other.diff), sections: addSections(one.diff.sections, other.diff.sections) },
  changedSources: [...one.changedSources, ...other.changedSources.filter((own) => !one.changedSources.some((known) => known === own))]
})
