import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import type { Lineage } from "../../event-log/Lineage.ts"
import { LogHistories } from "../../event-log/LogHistories.ts"
import { allSlices } from "../../event-log/sliceOf.ts"
import { ProjectionRunner } from "../../projections/runner/ProjectionRunner.ts"
import { ProjectionCatalog } from "../../projections/versions/ProjectionCatalog.ts"
import { activeVersions } from "../../projections/versions/versions.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { type Consistency, type ProjectionBehind, untilReached } from "../ConsistentReads.ts"
import { headsOf } from "../momentStatements.ts"
import { ProjectionNotBuilt } from "../ProjectionNotBuilt.ts"
import { CurrentReadSlot, type TooManyReads } from "../ReadShares.ts"
import { makeChangeTail } from "./ChangeTail.ts"
import { continuedPlace } from "./continuedPlace.ts"
import { type FeedPlace, type FeedState, furthestState, nothingTold } from "./FeedPlace.ts"
import { nearest, rangesBetween, vectorOf } from "./LogOffset.ts"
import { PollTurns, type TooManyPolls } from "./PollTurns.ts"
import { type FeedPage, readFeedPage } from "./readFeedPage.ts"
import { readFeedPositions } from "./readFeedPositions.ts"
import { tellLosses } from "./tellLosses.ts"

/** What a reader asks for. */
export interface ChangesOptions {
  /** The most users. */
  readonly limit: number
  /**
   * How long to wait for a change.
   *
   * 0 answers at once what a single, bounded look finds. That may be nothing although there is
   * more.
   */
  readonly waitSeconds: number
  readonly consistency: Consistency
}

/** Why the feed has no place to give: see {@link Changes}. */
type NotReached = ProjectionBehind | ProjectionNotBuilt | TooManyReads | DatabaseUnavailable

/**
 * The feed of users whose counters may have changed (docs/design.md#reading).
 *
 * A reader who goes on from a place hears at least once of everything after it, whatever happens in
 * between. The feed reads events from the log itself, up to where every active projection has come.
 * So a change costs nothing to write, and a reader who hears of it finds it in the counters.
 *
 * The feed also tells numbers that change without an event, for example by an activation. A walk
 * over users, which the place notes, tells the users of each operation once (see `generations.ts`).
 * The feed tells erased users too. It does not show a version that is rebuilt and not yet read.
 *
 * A place belongs to a history of the log. When the log has begun another history, what was told of
 * lost events is told again as it is now.
 */
export class Changes extends Context.Service<Changes, {
  /**
   * The place where the feed stands. A reader takes it before it first reads the counters.
   *
   * A strong place is not before any event that was in the log on arrival.
   *
   * - `ProjectionNotBuilt`: no projection of the counters is active.
   * - `ProjectionBehind`: the projections do not come that far in the given time.
   * - `TooManyReads`: no slot was free again after the wait.
   * - `DatabaseUnavailable`: the database did not answer.
   */
  readonly now: (consistency: Consistency) => Effect.Effect<FeedPlace, NotReached>
  /**
   * The place after which every user is told once, and then every change from now on.
   *
   * It fails as `now` does.
   */
  readonly start: (consistency: Consistency) => Effect.Effect<FeedPlace, NotReached>
  /**
   * What there is to tell a tenant after a place, and the place to go on from.
   *
   * If there is no change, it waits `waitSeconds` for one. An answer without changes is no error.
   *
   * - {@link TooManyPolls}: the tenant has that many readers waiting.
   * - `TooManyReads`: no slot was free again after the wait.
   * - `DatabaseUnavailable`: the database did not answer.
   * - The other errors of `now`, if the read is strong.
   */
  readonly after: (
    tenant: Tenant,
    place: FeedPlace,
    options: ChangesOptions
  ) => Effect.Effect<FeedPage, TooManyPolls | NotReached>
  /**
   * Answers every waiting reader, and each later one, at once, because the process is stopping. It
   * never fails.
   */
  readonly stop: Effect.Effect<void>
}>()("playtally/counters/Changes") {
  static readonly layer = Layer.effect(
    Changes,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const { failing, stores } = yield* ProjectionCatalog
      const runner = yield* ProjectionRunner
      const histories = yield* LogHistories
      // Projections that rank users give no counters, and lag behind the others.
      const counting = stores.filter(({ projection }) => projection.ranking === undefined)
      const countingNames = [...new Set(counting.map(({ projection }) => projection.name))]
      const stopping = Deferred.makeUnsafe<void>()
      yield* tellLosses(sql, histories)
      const polls = new PollTurns()

      /** What the feed may tell now, read in the caller's transaction. */
      const stateIn = (lineage: Lineage) =>
        Effect.map(readFeedPositions(sql, countingNames, failing), (state): FeedState => ({ ...state, lineage }))
      const reached = sql.withTransaction(Effect.flatMap(histories.newest, stateIn))
      const tail = yield* makeChangeTail(sql, reached, runner)

      const now = Effect.fn("Changes.now")(function*(consistency: Consistency) {
        if (consistency._tag === "Eventual") return yield* reached
        const heads = yield* Effect.map(headsOf(sql, allSlices), vectorOf)
        if (heads.some((position) => position > 0)) {
          const active = yield* activeVersions(sql)
          // Waiting is of no use: an operator has to rebuild them.
          if (countingNames.every((name) => !active.has(name))) return yield* new ProjectionNotBuilt({ projections: countingNames })
        }
        const attempt = Effect.map(reached, (state) => {
          const slices = rangesBetween(state.positions, heads).map(({ slice }) => slice)
          return slices.length > 0 ? { _tag: "Behind", slices } as const : { _tag: "Reached", state } as const
        })
        return (yield* untilReached(runner, consistency, attempt)).state
      }, unavailable("Changes.now"))

      /**
       * One bounded look.
       *
       * Everything that it reads is of one server, and of a history that is not older than that of
       * the place it gives.
       */
      const look = (tenant: Tenant, from: FeedPlace, limit: number) =>
        sql.withTransaction(Effect.gen(function*() {
          const { kept, place } = yield* continuedPlace(sql, histories, from)
          const state = yield* stateIn(place.lineage)
          // Projections may have gone back further than the log. What they fold again is told
          // again.
          const after = kept === undefined ? place : { ...place, positions: nearest(place.positions, state.positions) }
          const page = yield* readFeedPage(sql, tenant, { place: after, state, limit })
          return { ...page, kept }
        }))

      const lookOnce = Effect.fnUntraced(function*(tenant: Tenant, place: FeedPlace, { consistency, limit }: ChangesOptions) {
        if (consistency._tag === "Strong") yield* now(consistency)
        const { isMore: _, ...page } = yield* look(tenant, place, limit)
        return page
      })

      const lookUntilChange = Effect.fnUntraced(
        function*(tenant: Tenant, place: FeedPlace, { consistency, limit, waitSeconds }: ChangesOptions) {
          const slot = yield* CurrentReadSlot
          if (consistency._tag === "Strong") yield* now(consistency)
          let page: FeedPage & { readonly isMore: boolean } = { kept: undefined, erased: [], changes: [], next: place, isMore: true }
          const untilChange = Effect.gen(function*() {
            while (page.changes.length + page.erased.length === 0 && page.kept === undefined) {
              if (!page.isMore) {
                yield* slot.aside(tail.next(tenant, () => page.next, (state) => {
                  page = { kept: undefined, erased: [], changes: [], next: furthestState(page.next, state), isMore: false }
                }))
              }
              page = yield* look(tenant, page.next, limit)
            }
          })
          yield* untilChange.pipe(Effect.raceFirst(Deferred.await(stopping)), Effect.timeoutOption(`${waitSeconds} seconds`))
          const { isMore: _, ...answer } = page
          return answer
        }
      )

      const after = Effect.fn("Changes.after")(function*(tenant: Tenant, place: FeedPlace, options: ChangesOptions) {
        if (options.waitSeconds === 0 || (yield* Deferred.isDone(stopping))) return yield* lookOnce(tenant, place, options)
        return yield* polls.take(tenant, lookUntilChange(tenant, place, options))
      }, unavailable("Changes.after"))

      return Changes.of({
        now,
        start: (consistency) => Effect.map(now(consistency), (state) => ({ ...state, generation: nothingTold })),
        after,
        stop: Effect.asVoid(Deferred.succeed(stopping, undefined))
      })
    })
  )
}
