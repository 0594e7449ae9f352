import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { arrayOf } from "../database/arrayOf.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import type { EventType } from "../fasttrack/FastTrackEvent.ts"
import { parseJson } from "../fasttrack/parseJson.ts"
import type { LoggedEvent } from "./LoggedEvent.ts"
import { type EventRow, toLoggedEvent } from "./readStatements.ts"
import { isBeingErased } from "./unfinishedErasures.ts"

/** A time that has not come yet: what will have been recorded by then is not known. */
export class InFuture extends Schema.TaggedError<InFuture>("playtally/event-log/InFuture")("InFuture", {}) {}

/** A user's events up to a position of the user's slice, from the first on unless they are those after another position. */
interface Part {
  readonly after?: number
  readonly tenantId: string
  readonly userId: string
  readonly upTo: number
}

/** Histories read at once by a process: each holds a connection, and a long one keeps the process busy for seconds. */
const concurrency = 3

/** The past of single users, read from the log. */
export class UserHistory extends Context.Service<UserHistory, {
  /** The last position of a slice, 0 without one. */
  readonly head: (slice: number) => Effect.Effect<number, DatabaseUnavailable>
  /**
   * The last position of a slice recorded at or before an instant (epoch milliseconds), 0 without one. Appends under way are waited for, so that what is
   * answered for an instant that has passed never changes. Found by bisection: `recorded_at` never decreases along positions.
   */
  readonly headAt: (slice: number, instant: number) => Effect.Effect<number, InFuture | DatabaseUnavailable>
  /** Whether the part has any event. */
  readonly isAny: (part: Part) => Effect.Effect<boolean, DatabaseUnavailable>
  /**
   * Hands over the events of some types in order of position, some hundred at a time, no faster than they are taken, so that a history of any length
   * needs little memory. It is one statement on one snapshot, and has the time that the database gives to a statement. A failure of `take` ends it.
   */
  readonly forEach: <E>(
    part: Part,
    types: ReadonlyArray<EventType>,
    take: (events: ReadonlyArray<LoggedEvent>) => Effect.Effect<void, E>
  ) => Effect.Effect<void, E | DatabaseUnavailable>
}>()("playtally/event-log/UserHistory") {
  static readonly layer = Layer.effect(
    UserHistory,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const readings = yield* Semaphore.make(concurrency)
      return UserHistory.of({
        head: (slice) =>
          Effect.map(
            sql<{ position: bigint }>`select position from slice_heads where slice = ${slice}`,
            ([head]) => Number(head?.position ?? 0)
          ).pipe(unavailable("UserHistory.head")),
        headAt: (slice, instant) => headAt(sql, slice, instant).pipe(unavailable("UserHistory.headAt")),
        isAny: ({ tenantId, upTo, userId }) =>
          Effect.map(
            sql<{ found: boolean }>`
              select not ${isBeingErased(sql, tenantId, userId)} and exists (
                select from events where tenant_id = ${tenantId}::uuid and user_id = ${userId} and position <= ${BigInt(upTo)}
              ) as found`,
            ([row]) => row?.found === true
          ).pipe(unavailable("UserHistory.isAny")),
        forEach: (part, types, take) =>
          Stream.runForEachArray(history(sql, part, types), (rows) => take(rows.map(toEvent))).pipe(
            readings.withPermit,
            unavailable("UserHistory.forEach")
          )
      })
    })
  )
}

const headAt = Effect.fnUntraced(function*(sql: PgClient.PgClient, slice: number, instant: number) {
  // An append reads the clock once it has this row, so that whoever gets it afterwards, and reads the clock after that, records later or has been seen.
  const [head] = yield* sql<{ position: bigint; recorded_at: Date; now: Date }>`
    with head as materialized (select position, recorded_at from slice_heads where slice = ${slice} for share)
    select position, recorded_at, greatest(recorded_at, clock_timestamp()) as now from head`
  if (head === undefined || instant > head.now.getTime()) return yield* new InFuture()
  if (head.recorded_at.getTime() <= instant) return Number(head.position)

  // Of a time with microseconds, as an imported log may have, everybody is shown the milliseconds.
  const end = new Date(instant + 1)
  const [found] = yield* sql<{ position: bigint }>`
    with recursive search (low, high) as (
      select 0::bigint, ${head.position}::bigint
      union all
      select
        case when middle.recorded_at < ${end} then middle.position else search.low end,
        case when middle.recorded_at < ${end} then search.high else middle.position - 1 end
      from search
      cross join lateral (
        select position, recorded_at from events where slice = ${slice} and position = (search.low + search.high + 1) / 2 limit 1
      ) as middle
      where search.low < search.high
    )
    select low as position from search where low = high`
  // Positions are dense: a search that leads nowhere has met a hole.
  return found === undefined ? yield* Effect.die(new Error(`slice ${slice} lacks a position`)) : Number(found.position)
})

/** The payload comes as text: parsed by the driver, the numbers inside `meta` and `outcomes` would be rounded. */
const history = (sql: PgClient.PgClient, { after = 0, tenantId, upTo, userId }: Part, types: ReadonlyArray<EventType>) =>
  sql<EventRow>`
    select slice, position, tenant_id, user_id, event_type, occurred_at, recorded_at, payload_version, payload::text as payload
    from events
    where tenant_id = ${tenantId}::uuid and user_id = ${userId}
      and position > ${BigInt(after)} and position <= ${BigInt(upTo)}
      and event_type = any (${arrayOf.text(types)}::text[]) and not ${isBeingErased(sql, tenantId, userId)}
    order by position`.stream

const toEvent = (row: EventRow): LoggedEvent => toLoggedEvent({ ...row, payload: parseJson(String(row.payload)) })
