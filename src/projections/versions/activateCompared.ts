import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { FeedSource } from "../feed/feedChunk.ts"
import { versionId, type VersionRef } from "../feed/VersionRef.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { activateVersion, type ActivationOptions, ActivationRefused } from "./activateVersion.ts"
import { compareWithActive, type Comparison } from "./compareWithActive.ts"
import { isEmptyDiff } from "./diffVersions.ts"
import { findActive } from "./findVersion.ts"
import type { ProjectionCatalog } from "./ProjectionCatalog.ts"

/** The version that is active now, and the one that was before; undefined if there was none. */
export interface Activation extends VersionRef {
  readonly before: number | undefined
}

/**
 * Activates a version. Unless changes are accepted, it first compares all users, and refuses a
 * version that changes anybody's numbers or that cannot be compared.
 */
export const activateCompared = (
  source: FeedSource & { readonly catalog: ProjectionCatalog["Service"] },
  store: ProjectionStore,
  { acceptChanges = false, ...options }: ActivationOptions & { readonly acceptChanges?: boolean }
): Effect.Effect<Activation, ActivationRefused | SqlError.SqlError> =>
  Effect.gen(function*() {
    const { name, version } = store.projection
    const before = yield* findActive(source.sql, source.catalog, name)
    const refuse = (reason: ActivationRefused["reason"], problem: string, comparison?: Comparison) =>
      new ActivationRefused({
        reason,
        projection: name,
        message: `${versionId(store.projection)} ${problem}`,
        ...comparison === undefined ? {} : { comparison }
      })
    if (!acceptChanges && before !== undefined && before.store !== store) {
      const comparison = yield* compareWithActive(source, store, {}).pipe(
        // Only a sample is rebuilt, and all users are compared here.
        Effect.catchTag("EventLogCorrupt", Effect.die),
        Effect.catchTag("DiffRefused", ({ reason }) =>
          Effect.fail(
            reason === "NotRebuilt"
              ? refuse(reason, "has not been rebuilt from the log yet.")
              : refuse(
                "NotComparable",
                `cannot be compared with v${before.version}, which is active and which this code does not have or cannot run.`
              )
          ))
      )
      if (!isEmptyDiff(comparison.diff)) return yield* refuse("ChangesNumbers", "changes numbers.", comparison)
    }
    yield* activateVersion(source.sql, store, options)
    return { name, version, before: before?.version }
  })
