import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { arrayOf } from "../database/arrayOf.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { userPositions } from "../event-log/positionRanges.ts"
import { allSlices } from "../event-log/sliceOf.ts"
import { ProjectionCatalog } from "../projections/ProjectionCatalog.ts"
import { ProjectionRunner } from "../projections/ProjectionRunner.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { makeChangeTail } from "./ChangeTail.ts"
import { CurrentReadSlot, type TooManyReads } from "./ReadShares.ts"
import { eventsIn, rangesBetween, shortened, type SliceVector, vectorOf } from "./SliceVector.ts"
import { type Consistency, headsOf, type ProjectionBehind, untilReached } from "./Snapshots.ts"

/** The tenant has as many long polls waiting as it may have. */
export class TooManyPolls extends Schema.TaggedError<TooManyPolls>("playtally/counters/TooManyPolls")("TooManyPolls", {
  limit: Schema.Int
}) {}

/** A user whose counters may have changed, with the position of the user's last event that was looked at. */
export interface Change {
  readonly user_id: string
  readonly slice: number
  readonly position: number
}

/** The users who changed after a place in the log, each once, and the place to go on from. */
export interface ChangesPage {
  readonly changes: ReadonlyArray<Change>
  readonly next: SliceVector
}

interface Options {
  /** Most users. */
  readonly limit: number
  /** How long to wait for a change where there is none; 0 answers at once what a single, bounded look finds, which may be nothing although there is more. */
  readonly waitSeconds: number
  readonly consistency: Consistency
}

/** Polls of one tenant that may wait at once. */
const maxPolls = 64

/**
 * Whose counters may have changed (design §3). It is read from the log itself, up to where every active projection has come, so it costs nothing to
 * write, a rebuild does not show in it, and whoever hears of a change finds it in the counters. Every event after a place is told at least once to
 * whoever goes on from that place, whatever happens in between.
 *
 * It tells of events only. Numbers that change without one, by an activation, a user's rebuild or unparking or another zone of the tenant, are changed by
 * an operator who knows of it, and who has those read anew that matter: to tell of every user of a log here would be a rebuild showing in it.
 */
export class Changes extends Context.Service<Changes, {
  /** How far every active projection has come: where to begin, before the counters are first read. */
  readonly now: (consistency: Consistency) => Effect.Effect<SliceVector, ProjectionBehind | TooManyReads | DatabaseUnavailable>
  readonly after: (
    tenant: Tenant,
    place: SliceVector,
    options: Options
  ) => Effect.Effect<ChangesPage, TooManyPolls | ProjectionBehind | TooManyReads | DatabaseUnavailable>
  /** Has those who wait answered at once, now and from now on: the process is stopping. */
  readonly stop: Effect.Effect<void>
}>()("playtally/counters/Changes") {
  static readonly layer = Layer.effect(
    Changes,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const { stores } = yield* ProjectionCatalog
      const runner = yield* ProjectionRunner
      // No counters come of those that rank users, and they lag behind the others.
      const counting = stores.filter(({ projection }) => projection.ranking === undefined)
      const names = arrayOf.text([...new Set(counting.map(({ projection }) => projection.name))])
      const stopping = Deferred.makeUnsafe<void>()
      const polls = new Map<string, number>()

      /** What has been rebuilt but is not read yet has no say in it, nor what this code does not know. */
      const reached = Effect.map(
        sql<{ slice: number; position: bigint }>`
          select c.slice, min(c.position) as position
          from checkpoints c join projections p on p.projection = c.projection and p.active_version = c.version
          where p.projection = any (${names}::text[])
          group by c.slice`,
        (rows) => vectorOf(rows.map(({ position, slice }) => [slice, Number(position)]))
      )
      const tail = yield* makeChangeTail(sql, reached, runner)

      const now = Effect.fn("Changes.now")(function*(consistency: Consistency) {
        if (consistency._tag === "Eventual") return yield* reached
        const heads = yield* Effect.map(headsOf(sql, allSlices), vectorOf)
        const attempt = Effect.map(reached, (place) => {
          const slices = rangesBetween(place, heads).map(({ slice }) => slice)
          return slices.length > 0 ? { _tag: "Behind", slices } as const : { _tag: "Reached", place } as const
        })
        return (yield* untilReached(runner, consistency, attempt)).place
      }, unavailable("Changes.now"))

      const lookOnce = Effect.fnUntraced(function*(tenant: Tenant, place: SliceVector, { consistency, limit }: Options) {
        const { changes, next } = yield* readPage(sql, tenant, place, yield* now(consistency), limit)
        return { changes, next }
      })

      const lookUntilChange = Effect.fnUntraced(
        function*(tenant: Tenant, place: SliceVector, { consistency, limit, waitSeconds }: Options) {
          const slot = yield* CurrentReadSlot
          let upTo = yield* now(consistency)
          let page: ChangesPage & { readonly isMore: boolean } = { changes: [], next: place, isMore: true }
          const untilChange = Effect.gen(function*() {
            while (page.changes.length === 0) {
              if (page.isMore) {
                page = yield* readPage(sql, tenant, page.next, upTo, limit)
              } else {
                upTo = yield* slot.aside(tail.next(tenant, () => page.next, (next) => {
                  page = { ...page, next }
                }))
                page = { ...page, isMore: true }
              }
            }
          })
          yield* untilChange.pipe(Effect.raceFirst(Deferred.await(stopping)), Effect.timeoutOption(`${waitSeconds} seconds`))
          return { changes: page.changes, next: page.next }
        }
      )

      const takeTurn = (tenant: Tenant, change: 1 | -1) =>
        Effect.suspend(() => {
          const waiting = (polls.get(tenant.tenantId) ?? 0) + change
          if (waiting > maxPolls) return Effect.fail(new TooManyPolls({ limit: maxPolls }))
          if (waiting === 0) polls.delete(tenant.tenantId)
          else polls.set(tenant.tenantId, waiting)
          return Effect.void
        })

      const after = Effect.fn("Changes.after")(function*(tenant: Tenant, place: SliceVector, options: Options) {
        if (options.waitSeconds === 0 || (yield* Deferred.isDone(stopping))) return yield* lookOnce(tenant, place, options)
        return yield* Effect.acquireUseRelease(
          takeTurn(tenant, 1),
          () => lookUntilChange(tenant, place, options),
          () => Effect.orDie(takeTurn(tenant, -1))
        )
      }, unavailable("Changes.after"))

      return Changes.of({ now, after, stop: Effect.asVoid(Deferred.succeed(stopping, undefined)) })
    })
  )
}

/**
 * The users of a tenant with events after a place, up to another: at most `limit`, found in a number of events that does not depend on how many others'
 * there are. `isMore` says that `upTo` has not been reached.
 */
const readPage = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  tenant: Tenant,
  place: SliceVector,
  upTo: SliceVector,
  limit: number
) {
  const open = rangesBetween(place, upTo)
  const ranges = shortened(open, 1000 + 4 * limit)
  const events = Map.groupBy(ranges.length === 0 ? [] : yield* userPositions(sql, tenant.tenantId, ranges), ({ slice }) => slice)
  const changes: Array<Change> = []
  const next = [...place]
  // The slices with most to tell come first: one that was left to the next page grows and gets its turn.
  for (const { slice, upTo } of ranges.toSorted((a, b) => b.upTo - b.after - (a.upTo - a.after))) {
    const users = new Map<string, number>()
    next[slice] = upTo
    for (const { position, userId } of events.get(slice) ?? []) {
      if (!users.has(userId) && changes.length + users.size === limit) {
        next[slice] = position - 1
        break
      }
      users.set(userId, position)
    }
    for (const [user_id, position] of users) changes.push({ user_id, slice, position })
  }
  return { changes, next, isMore: eventsIn(rangesBetween(next, upTo)) > 0 }
})
