import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { FeedSource } from "../feed/feedChunk.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ProjectionStore, UserRef } from "../tables/ProjectionStore.ts"
import { wrongBuckets } from "../tables/readRanking.ts"
import { findActive, findVersion, type UnknownVersion, type VersionName } from "./findVersion.ts"
import type { ProjectionCatalog } from "./ProjectionCatalog.ts"
import { slicesWithEvents } from "./slicesWithEvents.ts"
import { type Difference, rowsWithoutEvents, verifySlice } from "./verifyProjection.ts"

/** Something in the tables that is not what the log says. */
export type Finding =
  | { readonly _tag: "Difference"; readonly difference: Difference }
  | { readonly _tag: "RowsWithoutEvents"; readonly user: UserRef }
  | { readonly _tag: "WrongBuckets"; readonly buckets: number }

/** A version that has been verified. */
export interface VerifiedVersion {
  readonly projection: AnyProjection
  /** Events folded, and users compared. */
  readonly events: number
  readonly users: number
  /** Users left out, who are parked. */
  readonly parked: number
  readonly findings: number
}

/** What is told while versions are verified. */
export interface VerifyListeners<E = never, R = never> {
  readonly onFinding: (projection: AnyProjection, finding: Finding) => Effect.Effect<void, E, R>
  readonly onVerified: (verified: VerifiedVersion) => Effect.Effect<void, E, R>
  /** How many of the slices of a version are folded. */
  readonly onSlice: (verified: { readonly done: number; readonly total: number }) => Effect.Effect<void>
}

/**
 * Verifies a version slice by slice: see {@link verifySlice}. Then it looks for rows of users who
 * have no events, and for wrong counts in the buckets of rankings.
 */
const verifyVersion = <E, R>(
  source: FeedSource,
  store: ProjectionStore,
  { onFinding, onSlice }: Pick<VerifyListeners<E, R>, "onFinding" | "onSlice">
): Effect.Effect<VerifiedVersion, SqlError.SqlError | E, R> =>
  Effect.gen(function*() {
    const { projection } = store
    let [events, users, parked, findings] = [0, 0, 0, 0]
    const tell = (finding: Finding) =>
      Effect.suspend(() => {
        findings++
        return onFinding(projection, finding)
      })
    const slices = yield* slicesWithEvents(source.sql)
    for (const [nth, slice] of slices.entries()) {
      const verified = yield* verifySlice(source, store, slice)
      events += verified.events
      users += verified.users
      parked += verified.parked
      for (const difference of verified.differences) yield* tell({ _tag: "Difference", difference })
      yield* onSlice({ done: nth + 1, total: slices.length })
    }
    for (const user of yield* rowsWithoutEvents(source.sql, store)) yield* tell({ _tag: "RowsWithoutEvents", user })
    const buckets = yield* wrongBuckets(source.sql, store)
    if (buckets > 0) yield* tell({ _tag: "WrongBuckets", buckets })
    return { projection, events, users, parked, findings }
  })

/**
 * Verifies one version, or the active versions of all projections, and notes the source of those
 * without findings.
 */
export const verifyVersions = <E, R>(
  source: FeedSource & { readonly catalog: ProjectionCatalog["Service"] },
  which: VersionName | "AllActive",
  { onFinding, onSlice, onVerified }: VerifyListeners<E, R>
): Effect.Effect<{ readonly findings: number; readonly failing: number }, UnknownVersion | SqlError.SqlError | E, R> =>
  Effect.gen(function*() {
    const { catalog, sql } = source
    const names = [...catalog.stores.map(({ projection }) => projection.name), ...catalog.failing.map(({ projection }) => projection)]
    const wanted: ReadonlyArray<VersionName> = which === "AllActive" ? [...new Set(names)].map((name) => ({ name })) : [which]
    let [findings, failing] = [0, 0]
    for (const { name, version } of wanted) {
      const active = yield* findActive(sql, catalog, name)
      const isFailing = catalog.failing.some((one) => one.projection === name && one.version === active?.version)
      const live = version === undefined && !isFailing ? active?.store : undefined
      if (live === undefined && which === "AllActive") {
        if (isFailing) failing++
        continue
      }
      // Of an active version that fails on the sample log, this says why.
      const store = live ?? (yield* findVersion(catalog, { name, version: version ?? (isFailing ? active?.version : undefined) }))
      const verified = yield* verifyVersion(source, store, { onFinding, onSlice })
      if (verified.findings === 0) yield* catalog.acceptSource(store)
      findings += verified.findings
      yield* onVerified(verified)
    }
    return { findings, failing }
  })
