import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { known } from "../../values/known.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { StoredEvent } from "../StoredEvent.ts"

/** A user who was erased, as the log keeps that. */
export interface StoredErasedUser {
  readonly tenant_id: TenantId
  readonly slice: Slice
  readonly tag: number
  readonly pseudonym: string
  readonly erased_at: string
}

/** What a log begins with before its first event. */
export interface LogBeginning {
  readonly laneCount: number
  /** In the order of their erasures. */
  readonly erasedUsers: ReadonlyArray<StoredErasedUser>
}

/**
 * Gives an empty log its lane count and its erased users, in the caller's transaction.
 *
 * The database takes the users of the slices that it serves, with the numbers that they have in the
 * whole log.
 */
export const beginLog = Effect.fnUntraced(function*(sql: PgClient.PgClient, { erasedUsers, laneCount }: LogBeginning) {
  yield* sql`update log_format set lane_count = ${laneCount}`
  yield* sql`
    insert into erased_users (erasure, tenant_id, slice, tag, pseudonym, erased_at)
    select ord, tenant_id, slice, tag, pseudonym, erased_at
    from unnest(
      ${arrayOf.uuid(erasedUsers.map((u) => u.tenant_id))}::uuid[],
      ${arrayOf.int2(erasedUsers.map((u) => u.slice))}::smallint[],
      ${arrayOf.int4(erasedUsers.map((u) => u.tag))}::int[],
      ${arrayOf.text(erasedUsers.map((u) => u.pseudonym))}::text[],
      ${arrayOf.text(erasedUsers.map((u) => u.erased_at))}::timestamptz[]
    ) with ordinality as u (tenant_id, slice, tag, pseudonym, erased_at, ord)
    where slice in (select slice from slice_heads)`
  yield* sql`
    update slice_heads as h set erasure = u.erasure
    from (select slice, max(erasure) as erasure from erased_users group by slice) as u where h.slice = u.slice`
})

/**
 * Inserts events as they were stored in another log, and advances the heads, in the caller's
 * transaction.
 *
 * The events are in order of slice and position. False if a head does not stand where the events of
 * its slice begin: the caller rolls back then.
 */
export const insertStored = (
  sql: PgClient.PgClient,
  events: ReadonlyArray<StoredEvent>
): Effect.Effect<boolean, SqlError.SqlError> => {
  const ranges = rangesOf(events)
  return Effect.map(
    sql<{ heads: number }>`
      with inserted as (
        insert into events
          (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
        select slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload::json
        from unnest(
          ${arrayOf.int2(events.map((e) => e.slice))}::smallint[],
          ${arrayOf.int8(events.map((e) => e.position))}::bigint[],
          ${arrayOf.uuid(events.map((e) => e.tenant_id))}::uuid[],
          ${arrayOf.text(events.map((e) => e.user_id))}::text[],
          ${arrayOf.uuid(events.map((e) => e.idempotency_key))}::uuid[],
          ${arrayOf.text(events.map((e) => e.event_type))}::text[],
          ${arrayOf.text(events.map((e) => e.occurred_at))}::timestamptz[],
          ${arrayOf.text(events.map((e) => e.recorded_at))}::timestamptz[],
          ${arrayOf.int2(events.map((e) => e.payload_version))}::smallint[],
          ${arrayOf.text(events.map((e) => e.payload))}::text[]
        ) as e (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
      ),
      advanced as (
        update slice_heads as h set position = r.last, recorded_at = r.recorded_at
        from unnest(
          ${arrayOf.int2(ranges.map((r) => r.slice))}::smallint[],
          ${arrayOf.int8(ranges.map((r) => r.first))}::bigint[],
          ${arrayOf.int8(ranges.map((r) => r.last))}::bigint[],
          ${arrayOf.text(ranges.map((r) => r.recorded_at))}::timestamptz[]
        ) as r (slice, first, last, recorded_at)
        where h.slice = r.slice and h.position = r.first - 1
        returning h.slice
      )
      select count(*)::int as heads from advanced`,
    ([row]) => known(row, "count of advanced heads").heads === ranges.length
  )
}

/** The positions of each slice that the events fill. */
const rangesOf = (events: ReadonlyArray<StoredEvent>) => {
  const ranges = new Map<number, { readonly slice: Slice; readonly first: number; readonly last: number; readonly recorded_at: string }>()
  for (const { position, recorded_at, slice } of events) {
    ranges.set(slice, { slice, first: ranges.get(slice)?.first ?? position, last: position, recorded_at })
  }
  return [...ranges.values()]
}
