import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { UserId } from "../../../src/values/UserId.ts"

/** Events of one user, made by the database: many thousand a second. `n` goes from 1 to `count`. */
export interface ManyEvents {
  readonly count: number
  readonly eventType: string
  /** SQL of type json, of `n`. */
  readonly payload: string
  /** Minutes from one to the next; 1 unless given. */
  readonly minutes?: number
}

/** The SQL of a casino bet of 1 in the currency that SQL gives. */
export const casinoBets = (count: number, currency: string): ManyEvents => ({
  count,
  eventType: "realtime-casino",
  payload: `json_build_object('unique_id', 'bet-' || n, 'game_id', 'game', 'round_id', 'r' || n, 'type', 'bet', 'amount', '1',
    'currency', ${currency}, 'bonus_wager_amount', '0')`
})

/** Appends them to the log, behind whatever the user's slice holds, and gives the slice. */
export const fillHistory = (
  sql: PgClient.PgClient,
  { tenantId }: Tenant,
  userId: string,
  { count, eventType, minutes = 1, payload }: ManyEvents
) =>
  Effect.gen(function*() {
    const slice = sliceOf(tenantId, UserId(userId))
    yield* sql.unsafe(
      `insert into events (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
      select slice, position + n, $2::uuid, $3, gen_random_uuid(), $4, timestamptz '2026-01-01 00:00Z' + n * $6::float8 * interval '1 minute', now(), 1, ${payload}
      from slice_heads, generate_series(1, $5::int) as n where slice = $1`,
      [slice, tenantId, userId, eventType, count, minutes]
    )
    yield* sql`update slice_heads set position = position + ${BigInt(count)}, recorded_at = now() where slice = ${slice}`
    return slice
  }).pipe(sql.withTransaction)
