import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { decodeStored } from "../../fasttrack/payload.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import { erasedVersion } from "../pseudonym.ts"
import { readableEvent } from "../readableEvent.ts"
import type { LogEntry, ReadBound, RecordedEvent, SlicePosition, WithheldEvent } from "../RecordedEvent.ts"

/** A row of `events` as the statements here select it; `payload` is parsed JSON. */
export interface EventRow {
  readonly slice: Slice
  readonly position: bigint
  readonly tenant_id: TenantId
  readonly user_id: UserId
  readonly event_type: string
  readonly occurred_at: Date
  readonly recorded_at: Date
  readonly payload_version: number
  readonly payload: unknown
}

/**
 * A payload of a newer release ends in a defect: this process must not go on with events it cannot
 * read.
 */
export const toLoggedEvent = (row: EventRow): RecordedEvent => ({
  slice: row.slice,
  position: Position(Number(row.position)),
  tenantId: row.tenant_id,
  userId: row.user_id,
  recordedAt: row.recorded_at.getTime(),
  event: Result.getOrThrow(decodeStored({
    event: row.event_type,
    userId: row.user_id,
    occurredAt: row.occurred_at.getTime(),
    payloadVersion: row.payload_version,
    payload: row.payload
  }))
})

const placeOf = (row: EventRow) => ({
  slice: row.slice,
  position: Position(Number(row.position)),
  tenantId: row.tenant_id,
  userId: row.user_id,
  recordedAt: row.recorded_at.getTime()
})

/**
 * Of every event of every chunk: written out, as copying what the cases share takes longer than all
 * the rest.
 */
export const toEntry = (row: EventRow): LogEntry | WithheldEvent => {
  const { event_type, payload, payload_version, slice, tenant_id, user_id } = row
  if (payload_version === erasedVersion) return { ...placeOf(row), event: null }
  const occurredAt = row.occurred_at.getTime()
  // What stands in for a payload that was left in the database: see `smallPayload`.
  if (typeof payload === "number") {
    const withheld = payload < 0 ? Math.min(-payload * mostCompressed, readableEvent) : payload
    return { ...placeOf(row), event: null, type: event_type, occurredAt, payloadVersion: payload_version, withheld }
  }
  const decoded = decodeStored({ event: event_type, userId: user_id, occurredAt, payloadVersion: payload_version, payload })
  if (Result.isFailure(decoded)) {
    return { ...placeOf(row), event: null, type: event_type, unreadable: unknownPayload(payload_version) }
  }
  return {
    slice,
    position: Position(Number(row.position)),
    tenantId: tenant_id,
    userId: user_id,
    recordedAt: row.recorded_at.getTime(),
    event: decoded.success
  }
}

/** Why an event of a kind or version that this release does not know is not read. */
export const unknownPayload = (version: number): string => `this release does not know its kind, or version ${version} of its payload`

/** PostgreSQL keeps what is larger outside its row, or compressed. */
const largestInline = 2_000

/**
 * How many times as long as in the database a payload is at most that PostgreSQL has compressed, by
 * either of its methods.
 */
const mostCompressed = 256

/**
 * A payload if it is small. Otherwise a number, which no payload is: the bytes it takes in the
 * database, below 0 if it is compressed there. So a statement reads at most half of the bound's
 * bytes, and costs nothing more where payloads are small. A running sum of sizes would take a sixth
 * of the statement's time.
 */
export const smallPayload = (sql: PgClient.PgClient, bound: ReadBound) =>
  sql`case when pg_column_size(payload) <= ${inlineBytes(bound)} and pg_column_compression(payload) is null then payload
    else to_json(pg_column_size(payload) * case when pg_column_compression(payload) is null then 1 else -1 end) end as payload`

/** The most bytes of a payload that comes with its event, in a read of this bound. */
export const inlineBytes = ({ bytes, events }: ReadBound): number => Math.min(largestInline, Math.floor(bytes / 2 / Math.max(1, events)))

/**
 * The events after the given positions, in order of slice and position, at most `bound.events` of
 * each slice, erased ones too. Payloads that are not small are withheld: those that are given have
 * half of the bound's bytes at most.
 */
export const readSlices = (
  sql: PgClient.PgClient,
  after: ReadonlyArray<SlicePosition>,
  bound: ReadBound
): Effect.Effect<ReadonlyArray<LogEntry | WithheldEvent>, SqlError.SqlError> =>
  Effect.map(
    sql<EventRow>`
      select e.*
      from unnest(${arrayOf.int2(after.map((a) => a.slice))}::smallint[], ${arrayOf.int8(after.map((a) => a.position))}::bigint[])
        as a (slice, position)
      cross join lateral (
        select slice, position, tenant_id, user_id, event_type, occurred_at, recorded_at, payload_version,
          ${smallPayload(sql, { bytes: bound.bytes, events: bound.events * after.length })}
        from events
        where events.slice = a.slice and events.position > a.position
        order by events.position
        limit ${bound.events}
      ) as e
      order by e.slice, e.position`,
    (rows) => rows.map(toEntry)
  )

/**
 * How many events there are among the `limit` positions after each of the given ones, and the last
 * position; the given one if there are none.
 */
export const countSlices = (
  sql: PgClient.PgClient,
  after: ReadonlyArray<SlicePosition>,
  limit: number
): Effect.Effect<ReadonlyArray<SlicePosition & { readonly events: number }>, SqlError.SqlError> =>
  Effect.map(
    sql<{ slice: Slice; events: bigint; last: bigint }>`
      select a.slice, e.events, e.last
      from unnest(${arrayOf.int2(after.map((a) => a.slice))}::smallint[], ${arrayOf.int8(after.map((a) => a.position))}::bigint[])
        as a (slice, position)
      cross join lateral (
        select count(*) as events, coalesce(max(events.position), a.position) as last
        from events
        where events.slice = a.slice and events.position > a.position and events.position <= a.position + ${BigInt(limit)}
      ) as e`,
    (rows) => rows.map(({ events, last, slice }) => ({ slice, position: Position(Number(last)), events: Number(events) }))
  )

/**
 * The events of some types in parts of slices, in order of slice and position; payloads that are
 * not small are withheld, as {@link readSlices} has it.
 */
export const readParts = (
  sql: PgClient.PgClient,
  parts: ReadonlyArray<SlicePosition & { readonly upTo: Position }>,
  types: ReadonlyArray<string>,
  bytes: number
): Effect.Effect<ReadonlyArray<LogEntry | WithheldEvent>, SqlError.SqlError> =>
  Effect.map(
    sql<EventRow>`
      select e.slice, e.position, e.tenant_id, e.user_id, e.event_type, e.occurred_at, e.recorded_at, e.payload_version,
        ${smallPayload(sql, { bytes, events: parts.reduce((sum, { position, upTo }) => sum + upTo - position, 0) })}
      from unnest(
        ${arrayOf.int2(parts.map(({ slice }) => slice))}::smallint[],
        ${arrayOf.int8(parts.map(({ position }) => position))}::bigint[],
        ${arrayOf.int8(parts.map(({ upTo }) => upTo))}::bigint[]
      ) as a (slice, position, up_to)
      join events as e on e.slice = a.slice and e.position > a.position and e.position <= a.up_to
        and e.event_type = any (${arrayOf.text(types)}::text[])
      order by e.slice, e.position`,
    (rows) => rows.map(toEntry)
  )
