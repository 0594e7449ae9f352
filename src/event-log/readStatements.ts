import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import { parseJson } from "../fasttrack/parseJson.ts"
import { decodeStored } from "../fasttrack/payload.ts"
import type { ErasedEvent, LoggedEvent, SlicePosition } from "./LoggedEvent.ts"
import { erasedVersion } from "./pseudonym.ts"

/** A row of `events` as the statements here select it; `payload` is parsed JSON. */
export interface EventRow {
  readonly slice: number
  readonly position: bigint
  readonly tenant_id: string
  readonly user_id: string
  readonly event_type: string
  readonly occurred_at: Date
  readonly recorded_at: Date
  readonly payload_version: number
  readonly payload: unknown
}

/** A payload of a newer release ends in a defect: this process must not go on with events it cannot read. */
export const toLoggedEvent = (row: EventRow): LoggedEvent => ({
  slice: row.slice,
  position: Number(row.position),
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

const toEntry = (row: EventRow): LoggedEvent | ErasedEvent =>
  row.payload_version !== erasedVersion ? toLoggedEvent(row) : {
    slice: row.slice,
    position: Number(row.position),
    tenantId: row.tenant_id,
    userId: row.user_id,
    recordedAt: row.recorded_at.getTime(),
    event: null
  }

/** The events after the given positions, in order of slice and position, at most `limit` of each slice, erased ones too. */
export const readSlices = (
  sql: PgClient.PgClient,
  after: ReadonlyArray<SlicePosition>,
  limit: number
): Effect.Effect<ReadonlyArray<LoggedEvent | ErasedEvent>, SqlError.SqlError> =>
  Effect.map(
    sql<EventRow>`
      select e.*
      from unnest(${arrayOf.int2(after.map((a) => a.slice))}::smallint[], ${arrayOf.int8(after.map((a) => a.position))}::bigint[])
        as a (slice, position)
      cross join lateral (
        select slice, position, tenant_id, user_id, event_type, occurred_at, recorded_at, payload_version, payload
        from events
        where events.slice = a.slice and events.position > a.position
        order by events.position
        limit ${limit}
      ) as e
      order by e.slice, e.position`,
    (rows) => rows.map(toEntry)
  )

/** A user's events before a position of the user's slice, newest first. Served by the unique key. */
export const readUser = (
  sql: PgClient.PgClient,
  tenantId: string,
  userId: string,
  before: number,
  limit: number
): Effect.Effect<ReadonlyArray<LoggedEvent>, SqlError.SqlError> =>
  Effect.map(
    sql<EventRow>`
      select slice, position, tenant_id, user_id, event_type, occurred_at, recorded_at, payload_version, payload::text as payload
      from events
      where tenant_id = ${tenantId}::uuid and user_id = ${userId} and position < ${BigInt(before)} and event_type <> 'erased'
      order by position desc
      limit ${limit}`,
    // Parsed here and not by the driver, which would round the numbers inside `meta` and `outcomes`.
    (rows) => rows.map((row) => toLoggedEvent({ ...row, payload: parseJson(String(row.payload)) }))
  )
