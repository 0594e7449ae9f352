import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { EventLogCorrupt } from "../../event-log/EventLog.ts"
import type { FeedSource } from "../feed/feedChunk.ts"
import { versionId, type VersionRef } from "../feed/VersionRef.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { activateVersion, type ActivationOptions, ActivationRefused } from "./activateVersion.ts"
import { compareWithActive, type Comparison, DiffRefused } from "./compareWithActive.ts"
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
    if (!acceptChanges && before !== undefined && before.store !== store) {
      yield* refuseChanges(store.projection, before.version, compareWithActive(source, store, {}))
    }
    yield* activateVersion(source.sql, store, options)
    return { name, version, before: before?.version }
  })

/** Refuses a version that changes anybody's numbers, or that cannot be compared. */
export const refuseChanges = <E>(
  after: VersionRef,
  before: number,
  compare: Effect.Effect<Comparison, DiffRefused | EventLogCorrupt | E>
): Effect.Effect<void, ActivationRefused | E> => {
  const refuse = (reason: ActivationRefused["reason"], problem: string, comparison?: Comparison) =>
    new ActivationRefused({
      reason,
      projection: after.name,
      message: `${versionId(after)} ${problem}`,
      ...comparison === undefined ? {} : { comparison }
    })
  return Effect.matchEffect(compare, {
    onSuccess: (comparison): Effect.Effect<void, ActivationRefused | E> =>
      isEmptyDiff(comparison.diff) ? Effect.void : Effect.fail(refuse("ChangesNumbers", "changes numbers.", comparison)),
    onFailure: (error): Effect.Effect<void, ActivationRefused | E> => {
      if (error instanceof DiffRefused) {
        return Effect.fail(
          error.reason === "NotRebuilt"
            ? refuse(error.reason, "has not been rebuilt from the log yet.")
            : refuse(
              "NotComparable",
              `cannot be compared with v${before}, which is active and which this code does not have or cannot run.`
            )
        )
      }
      // Only a sample is rebuilt, and all users are compared here.
      return error instanceof EventLogCorrupt ? Effect.die(error) : Effect.fail(error)
    }
  })
}
