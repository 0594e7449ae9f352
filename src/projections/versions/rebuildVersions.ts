import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { EventLogCorrupt } from "../../event-log/EventLog.ts"
import type { FeedSource } from "../feed/feedChunk.ts"
import { newestVersions } from "../projection/newestVersions.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { activateVersion, type ActivationRefused } from "./activateVersion.ts"
import type { ProjectionCatalog } from "./ProjectionCatalog.ts"
import { rebuild, type RebuildProgress } from "./rebuild.ts"
import { activeVersions } from "./versions.ts"

/** A version that has been rebuilt. */
export interface RebuiltVersion {
  readonly projection: AnyProjection
  /** Events folded, of those in the log. */
  readonly done: number
  readonly total: number
  /** The number of the active version. */
  readonly activeVersion: number
  /** Whether it became active because its projection had no active version. */
  readonly isFirst: boolean
}

/** What is told while versions are rebuilt. */
export interface RebuildListeners<E = never, R = never> {
  /** How far the versions that are rebuilt together are, twice a second. */
  readonly onProgress: (progress: RebuildProgress) => Effect.Effect<void>
  /** Each version that is rebuilt, before those that are rebuilt after it. */
  readonly onRebuilt: (rebuilt: RebuiltVersion) => Effect.Effect<void, E, R>
}

/** The newest version of each projection, if it is not fed with the others yet. */
export const versionsToRebuild = ({ following, stores }: Pick<ProjectionCatalog["Service"], "following" | "stores">) =>
  Effect.map(following, (following) => {
    const newest = newestVersions(stores.map(({ projection }) => projection))
    return stores.filter((store) => newest.includes(store.projection) && !following.includes(store))
  })

/** Whether a version ranks users: it goes through the log in smaller steps. */
export const isRanked = ({ projection }: ProjectionStore): boolean => projection.ranking !== undefined

/**
 * Rebuilds versions from two readings of the log at most: versions that rank users go through it in
 * smaller steps, after the others, which need not wait for them. A version whose projection has no
 * active version becomes active.
 */
export const rebuildVersions = <E, R>(
  source: FeedSource,
  stores: ReadonlyArray<ProjectionStore>,
  { onProgress, onRebuilt }: RebuildListeners<E, R>
): Effect.Effect<void, ActivationRefused | EventLogCorrupt | SqlError.SqlError | E, R> =>
  Effect.gen(function*() {
    for (const together of [stores.filter((store) => !isRanked(store)), stores.filter(isRanked)]) {
      if (together.length === 0) continue
      const { done, total } = yield* rebuild(source, together, { onProgress })
      for (const store of together) {
        const { projection } = store
        const active = (yield* activeVersions(source.sql)).get(projection.name)
        if (active === undefined) yield* activateVersion(source.sql, store)
        yield* onRebuilt({ projection, done, total, activeVersion: active ?? projection.version, isFirst: active === undefined })
      }
    }
  })
