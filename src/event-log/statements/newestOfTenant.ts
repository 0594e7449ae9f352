import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { EventType } from "../../fasttrack/FastTrackEvent.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import { largestShown } from "./readUserPage.ts"

/**
 * A place in the order of the whole log: by the time of recording in microseconds, then by slice
 * and position. Within a slice it is the order of the positions.
 */
export interface LogPlace {
  /** Microseconds since the epoch, as digits. */
  readonly recordedAt: string
  readonly slice: Slice
  readonly position: Position
}

/** An event of a tenant as it is stored. Times are epoch milliseconds. */
export interface TenantEvent {
  readonly place: LogPlace
  readonly userId: UserId
  readonly eventType: string
  readonly payloadVersion: number
  readonly occurredAt: number
  readonly recordedAt: number
  readonly bytes: number
  /** JSON text; null if it is larger than what is shown in a list. */
  readonly payload: string | null
}

/**
 * Which events: those before a place, of slices `first` to `last`, at most `limit`, among the last
 * `lookedAt` events of each slice.
 */
export interface NewestRequest {
  readonly tenantId: TenantId
  readonly before: LogPlace | undefined
  readonly eventType: EventType | undefined
  readonly limit: number
  readonly lookedAt: number
  readonly first: Slice
  readonly last: Slice
}

/** What was found among the events that were looked at. */
export interface Newest {
  /** Newest first. */
  readonly events: ReadonlyArray<TenantEvent>
  /** The newest event that was not looked at; undefined if all were. */
  readonly unseen: LogPlace | undefined
}

/** The largest payload that comes with an event in a list. */
const largestInList = 16 * 1024

interface Row {
  readonly slice: Slice
  readonly position: bigint
  readonly recorded: string
  readonly user_id: UserId | null
  readonly event_type: string
  readonly payload_version: number
  readonly occurred_at: Date
  readonly recorded_at: Date
  readonly bytes: number
  readonly payload: string | null
}

/**
 * The newest events of a tenant before a place, of one kind or all.
 *
 * Each slice is bisected for the place, because `recorded_at` never decreases along positions. From
 * there a bounded number of events is looked at, so it takes no longer in a long log. An event that
 * comes after {@link Newest.unseen} in the order of the log is missing only if there are `limit`
 * newer ones.
 */
export const newestOfTenant = (
  sql: PgClient.PgClient,
  { before, eventType, first, last, limit, lookedAt, tenantId }: NewestRequest
): Effect.Effect<Newest, SqlError.SqlError> => {
  const micros = sql`(extract(epoch from recorded_at) * 1000000)::bigint`
  const ofType = eventType === undefined ? sql`event_type <> 'erased'` : sql`event_type = ${eventType}`
  const end = before === undefined ? sql`h.position` : sql`(
          with recursive search (low, high) as (
            select 0::bigint, h.position
            union all
            select
              case when middle.is_before then middle.position else search.low end,
              case when middle.is_before then search.high else middle.position - 1 end
            from search
            cross join lateral (
              select position, (${micros}, slice, position)
                < (${BigInt(before.recordedAt)}::bigint, ${before.slice}::smallint, ${BigInt(before.position)}::bigint) as is_before
              from events where slice = h.slice and position = (search.low + search.high + 1) / 2 limit 1
            ) as middle
            where search.low < search.high
          )
          select low from search where low = high
        )`
  const found = sql<Row>`
    with ends as materialized (
      select h.slice, ${end} as position from slice_heads as h where h.slice between ${first}::smallint and ${last}::smallint
    ),
    places as materialized (
      select found.slice as of_slice, found.position as at_position
      from ends
      cross join lateral (
        select slice, position, recorded_at from events as e
        where slice = ends.slice and position <= ends.position and position > ends.position - ${BigInt(lookedAt)}
          and tenant_id = ${tenantId}::uuid and ${ofType}
          and (tenant_id, user_id) not in (select tenant_id, user_id from unfinished_erasures)
        order by position desc limit ${limit}
      ) as found
      order by found.recorded_at desc, found.slice desc, found.position desc limit ${limit}
    ),
    unseen as (
      select e.*
      from ends
      cross join lateral (
        select slice, position, recorded_at from events where slice = ends.slice and position = ends.position - ${BigInt(lookedAt)} limit 1
      ) as e
      order by e.recorded_at desc, e.slice desc, e.position desc limit 1
    )
    select e.slice, e.position, ${micros}::text as recorded, user_id, event_type, payload_version, occurred_at, recorded_at,
      octet_length(payload::text) as bytes, case when octet_length(payload::text) <= ${largestInList} then payload::text end as payload
    from places cross join lateral (
      select * from events where slice = places.of_slice and position = places.at_position limit 1
    ) as e
    union all
    select slice, position, ${micros}::text, null, '', 0, recorded_at, recorded_at, 0, null from unseen`
  return Effect.map(found, (rows) => {
    const unseen = rows.find(({ user_id }) => user_id === null)
    const events = rows.flatMap((row) => row.user_id === null ? [] : [toTenantEvent({ ...row, user_id: row.user_id })])
      .sort((a, b) => comparePlaces(b.place, a.place))
    return { events, unseen: unseen === undefined ? undefined : placeOf(unseen) }
  })
}

/** An event of a tenant by its place; undefined if the tenant has none there. */
export const eventAt = (
  sql: PgClient.PgClient,
  { position, slice, tenantId }: { readonly tenantId: TenantId; readonly slice: Slice; readonly position: Position }
): Effect.Effect<TenantEvent | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<Row & { readonly user_id: UserId }>`
      select slice, position, (extract(epoch from recorded_at) * 1000000)::bigint::text as recorded, user_id, event_type, payload_version,
        occurred_at, recorded_at, octet_length(text) as bytes, case when octet_length(text) <= ${largestShown} then text end as payload
      from (
        select *, payload::text as text from events where slice = ${slice} and position = ${BigInt(position)} offset 0
      ) as e
      where tenant_id = ${tenantId}::uuid and event_type <> 'erased'
        and (tenant_id, user_id) not in (select tenant_id, user_id from unfinished_erasures)`,
    ([row]) => row === undefined ? undefined : toTenantEvent(row)
  )

/**
 * When a user's first event was recorded, in epoch milliseconds; undefined without events.
 *
 * Of a user with few events all are looked at by the key. One with many is frequent in the slice.
 */
export const firstRecorded = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  { slice, tenantId, userId }: { readonly tenantId: TenantId; readonly userId: UserId; readonly slice: Slice }
) {
  const [few] = yield* sql<{ at: Date | null; known: number }>`
    select min(recorded_at) as at, count(*)::int as known from (
      select recorded_at from events
      where tenant_id = ${tenantId}::uuid and user_id = ${userId} and event_type <> 'erased' limit ${fewEvents + 1}
    ) as own`
  if (few === undefined || few.at === null) return undefined
  if (few.known <= fewEvents) return few.at.getTime()
  const [first] = yield* sql<{ at: Date }>`
    select recorded_at as at from (
      select tenant_id, user_id, event_type, recorded_at from events where slice = ${slice} order by position offset 0
    ) as e
    where tenant_id = ${tenantId}::uuid and user_id = ${userId} and event_type <> 'erased' limit 1`
  return first?.at.getTime()
})

const fewEvents = 2000

const placeOf = ({ position, recorded, slice }: Row): LogPlace => ({
  recordedAt: recorded,
  slice,
  position: Position(Number(position))
})

const toTenantEvent = (row: Row & { readonly user_id: UserId }): TenantEvent => ({
  place: placeOf(row),
  userId: row.user_id,
  eventType: row.event_type,
  payloadVersion: row.payload_version,
  occurredAt: row.occurred_at.getTime(),
  recordedAt: row.recorded_at.getTime(),
  bytes: row.bytes,
  payload: row.payload
})

/** The order of the whole log. */
export const comparePlaces = (a: LogPlace, b: LogPlace): number => {
  const [one, other] = [BigInt(a.recordedAt), BigInt(b.recordedAt)]
  return one === other ? a.slice - b.slice || a.position - b.position : one < other ? -1 : 1
}
