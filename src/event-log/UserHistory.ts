import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Statement } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import type { EventType } from "../fasttrack/FastTrackEvent.ts"
import { parseJson } from "../fasttrack/parseJson.ts"
import { decodeStored } from "../fasttrack/payload.ts"
import { known } from "../values/known.ts"
import { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import { pseudonymOf } from "./pseudonym.ts"
import { readableEvent } from "./readableEvent.ts"
import type { RecordedEvent } from "./RecordedEvent.ts"
import { sliceOf } from "./sliceOf.ts"
import type { EventRow } from "./statements/readStatements.ts"
import { isBeingErased } from "./statements/unfinishedErasures.ts"

/** The time has not come yet, so events may still be recorded up to it. */
export class InFuture extends Schema.TaggedError<InFuture>("playtally/event-log/InFuture")("InFuture", {}) {}

/**
 * A user's events up to a position of the user's slice.
 *
 * They begin with the first event, or after the position `after`.
 */
export interface Part {
  readonly after?: number
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly upTo: Position
}

/**
 * A row of the log as it comes.
 *
 * `payload` is text, or null if the event is larger than a reader takes. `bytes` is its length.
 */
export type HistoryRow = Omit<EventRow, "payload"> & { readonly payload: string | null; readonly bytes: number }

/**
 * Some events of a part, in order of position, and the position up to which there are no others.
 */
export interface HistoryPage {
  readonly rows: ReadonlyArray<HistoryRow>
  readonly reached: number
  /** Whether events of the part are gone, because the user is being erased. */
  readonly isTorn: boolean
}

/** Reads a part page by page. */
export interface HistoryReader {
  /**
   * The events after a position of the part: at most a thousand, and a MiB unless the first one
   * alone has more. One statement, of some milliseconds.
   */
  readonly page: (after: number) => Effect.Effect<HistoryPage, DatabaseUnavailable>
}

/** Most events of a page, and most bytes of their payloads. */
const pageEvents = 1000
const pageBytes = 1024 * 1024

/**
 * The most events whose positions are looked up once, by the user. A user with more events is
 * looked for position by position.
 */
export const MostListed = Context.Reference<number>("playtally/event-log/MostListed", { defaultValue: () => 100_000 })
/** Positions of the slice that one page looks at, where it goes position by position. */
const windowSize = 20_000

/** The past of single users, read from the log. */
export class UserHistory extends Context.Service<UserHistory, {
  /** The last position of a slice, 0 without one. */
  readonly head: (slice: Slice) => Effect.Effect<Position, DatabaseUnavailable>
  /**
   * The last position of a slice recorded at or before an instant (epoch milliseconds), 0 without
   * one.
   *
   * It waits for appends under way, so the answer for an instant that has passed never changes. It
   * bisects, because `recorded_at` never decreases along positions.
   */
  readonly headAt: (slice: Slice, instant: number) => Effect.Effect<Position, InFuture | DatabaseUnavailable>
  /** How many events the log has of a user, those not yet erased by an erasure under way too. */
  readonly count: (tenantId: TenantId, userId: UserId) => Effect.Effect<number, DatabaseUnavailable>
  /** Whether the part has any event. */
  readonly isAny: (part: Part) => Effect.Effect<boolean, DatabaseUnavailable>
  /**
   * Names what last took events away that the user may have had: an erasure of the user, or another
   * history of the log. Events that were read before and after another one do not belong together.
   */
  readonly lastLoss: (
    tenant: { readonly tenantId: TenantId; readonly keyNamespace: string },
    userId: UserId
  ) => Effect.Effect<string, DatabaseUnavailable>
  /**
   * Begins to read the events of some types in a part.
   *
   * Each page is a statement of its own. So a history of any length is read page by page, and holds
   * neither a connection nor a snapshot in between. Only an erasure and a failover take events away
   * meanwhile: see `lastLoss`.
   *
   * The events of a user with few are found by the key. Those of a user with many are found
   * position by position in the slice. Either way the time is in proportion to the events of the
   * user, or of the slice, and nothing is read twice.
   */
  readonly open: (part: Part, types: ReadonlyArray<EventType>) => Effect.Effect<HistoryReader, DatabaseUnavailable>
}>()("playtally/event-log/UserHistory") {
  static readonly layer = Layer.effect(
    UserHistory,
    Effect.gen(function*() {
      yield* Migrations
      const sql = yield* PgClient.PgClient
      const mostListed = yield* MostListed
      return UserHistory.of({
        head: (slice) =>
          Effect.map(
            sql<{ position: bigint }>`select position from slice_heads where slice = ${slice}`,
            ([head]) => Position(Number(head?.position ?? 0))
          ).pipe(unavailable("UserHistory.head")),
        headAt: (slice, instant) => headAt(sql, slice, instant).pipe(unavailable("UserHistory.headAt")),
        count: (tenantId, userId) =>
          Effect.map(
            sql<{ events: bigint }>`
              select count(*) as events from events where tenant_id = ${tenantId}::uuid and user_id = ${userId}`,
            ([row]) => Number(known(row, "count of events").events)
          ).pipe(unavailable("UserHistory.count")),
        isAny: ({ tenantId, upTo, userId }) =>
          Effect.map(
            sql<{ found: boolean }>`
              select not ${isBeingErased(sql, tenantId, userId)} and exists (
                select from events where tenant_id = ${tenantId}::uuid and user_id = ${userId} and position <= ${BigInt(upTo)}
              ) as found`,
            ([row]) => row?.found === true
          ).pipe(unavailable("UserHistory.isAny")),
        lastLoss: ({ keyNamespace, tenantId }, userId) =>
          Effect.map(
            sql<{ erasure: bigint | null; tag: bigint | null }>`
              select
                (select erasure from erased_users
                  where tenant_id = ${tenantId}::uuid and pseudonym = ${pseudonymOf(keyNamespace, userId)}) as erasure,
                (select tag from log_histories order by history desc limit 1) as tag`,
            ([row]) => `${row?.erasure} ${row?.tag}`
          ).pipe(unavailable("UserHistory.lastLoss")),
        open: Effect.fnUntraced(function*(part, types) {
          const positions = yield* listPositions(sql, part, types, mostListed)
          return positions === undefined ? dense(sql, part, types) : listed(sql, part, types, positions)
        }, unavailable("UserHistory.open"))
      })
    })
  )
}

const headAt = Effect.fnUntraced(function*(sql: PgClient.PgClient, slice: Slice, instant: number) {
  // An append reads the clock once it has locked this row. So an append that locks it after this
  // statement records later, and one that locked it before is seen.
  const [head] = yield* sql<{ position: bigint; recorded_at: Date; now: Date }>`
    with head as materialized (select position, recorded_at from slice_heads where slice = ${slice} for share)
    select position, recorded_at, greatest(recorded_at, clock_timestamp()) as now from head`
  if (head === undefined || instant > head.now.getTime()) return yield* new InFuture()
  if (head.recorded_at.getTime() <= instant) return Position(Number(head.position))

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
  // Positions are dense: a search that finds nothing has met a gap.
  return found === undefined ? yield* Effect.die(new Error(`slice ${slice} lacks a position`)) : Position(Number(found.position))
})

/**
 * The positions of a user's events of some types, in order; undefined if the user has more than can
 * be listed.
 */
const listPositions = (
  sql: PgClient.PgClient,
  { after = 0, tenantId, upTo, userId }: Part,
  types: ReadonlyArray<EventType>,
  mostListed: number
) =>
  Effect.map(
    // As bytes: a hundred thousand numbers are otherwise as many values for the driver to make.
    sql<{ events: bigint; positions: Uint8Array | null }>`
      select count(*) as events,
        string_agg(int8send(position), null order by position) filter (where event_type = any (${arrayOf.text(types)}::text[])) as positions
      from (
        select position, event_type from events
        where tenant_id = ${tenantId}::uuid and user_id = ${userId} and position > ${BigInt(after)} and position <= ${BigInt(upTo)}
        limit ${mostListed + 1}
      ) as e`,
    ([row]) => {
      if (row === undefined || Number(row.events) > mostListed) return undefined
      const bytes = Buffer.from(row.positions ?? [])
      return Float64Array.from({ length: bytes.length / 8 }, (_, index) => Number(bytes.readBigInt64BE(8 * index)))
    }
  )

/** Pages of a list of positions. */
const listed = (sql: PgClient.PgClient, part: Part, types: ReadonlyArray<EventType>, positions: Float64Array): HistoryReader => ({
  page: Effect.fnUntraced(function*(after) {
    const start = firstAbove(positions, after)
    const wanted = [...positions.subarray(start, start + pageEvents)]
    if (wanted.length === 0) return { rows: [], reached: part.upTo, isTorn: false }
    const place = sql`unnest(${arrayOf.int8(wanted)}::bigint[]) as w (wanted)
            cross join lateral (select * from events where slice = ${
      sliceOf(part.tenantId, part.userId)
    } and position = wanted limit 1) as e`
    const { looked, rows } = yield* readPage(sql, part, types, place)
    const isWhole = rows.length === looked
    return {
      rows,
      // What was cut off for its bytes is left to the next page.
      reached: isWhole ? start + wanted.length === positions.length ? part.upTo : wanted.at(-1) ?? after : lastOf(rows, after),
      isTorn: looked < wanted.length
    }
  }, unavailable("UserHistory.page"))
})

/** Pages of a user who has many events: some positions of the slice at a time, of all its users. */
const dense = (sql: PgClient.PgClient, part: Part, types: ReadonlyArray<EventType>): HistoryReader => ({
  page: Effect.fnUntraced(function*(after) {
    const end = Math.min(after + windowSize, part.upTo)
    const place = sql`(
            select * from events
            where slice = ${sliceOf(part.tenantId, part.userId)} and position > ${BigInt(after)} and position <= ${BigInt(end)}
            order by position offset 0
          ) as e`
    const { looked, rows } = yield* readPage(sql, part, types, place)
    const isWhole = rows.length === looked && looked < pageEvents
    return { rows, reached: isWhole ? end : lastOf(rows, after), isTorn: false }
  }, unavailable("UserHistory.page"))
})

/**
 * The events of a user at some places, which SQL gives by position whatever the statistics of the
 * user's key say: up to a page's bytes, and how many there are up to a page's events.
 */
const readPage = (sql: PgClient.PgClient, { tenantId, userId }: Part, types: ReadonlyArray<EventType>, place: Statement.Fragment) =>
  Effect.map(
    // The payload comes as text: parsed by the driver, the numbers inside `meta` and `outcomes`
    // would be rounded.
    sql<HistoryRow & { readonly looked: bigint }>`
      select slice, position, tenant_id, user_id, event_type, occurred_at, recorded_at, payload_version, bytes, looked,
        case when bytes <= ${readableEvent} then payload::text end as payload
      from (
        select *, sum(bytes) over (order by position) as bytes_so_far, count(*) over () as looked
        from (
          select *,
            -- What is not compressed has the length it is stored with, which is known without reading it.
            case when pg_column_compression(payload) is null then pg_column_size(payload) else octet_length(payload::text) end as bytes
          from ${place}
          where tenant_id = ${tenantId}::uuid and user_id = ${userId} and event_type = any (${arrayOf.text(types)}::text[])
          order by position
          limit ${pageEvents}
        ) as measured
      ) as e
      where bytes_so_far <= ${pageBytes} or bytes_so_far = bytes
      order by position`,
    (rows) => ({
      rows: rows.map(({ looked: _, ...row }): HistoryRow => row),
      looked: Number(rows[0]?.looked ?? 0)
    })
  )

const lastOf = (rows: ReadonlyArray<HistoryRow>, after: number): number => Number(rows.at(-1)?.position ?? after)

/** Where the first position above another one is. */
const firstAbove = (positions: Float64Array, after: number): number => {
  let [low, high] = [0, positions.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((positions[middle] ?? NaN) <= after) low = middle + 1
    else high = middle
  }
  return low
}

/** The event of a row; undefined if no reader takes it, for its size or its version. */
export const readHistoryRow = (row: HistoryRow): RecordedEvent | undefined => {
  if (row.payload === null) return undefined
  const event = decodeStored({
    event: row.event_type,
    userId: row.user_id,
    occurredAt: row.occurred_at.getTime(),
    payloadVersion: row.payload_version,
    payload: parseJson(row.payload)
  })
  return Result.isFailure(event) ? undefined : {
    slice: row.slice,
    position: Position(Number(row.position)),
    tenantId: row.tenant_id,
    userId: row.user_id,
    recordedAt: row.recorded_at.getTime(),
    event: event.success
  }
}
