import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { SlicePosition } from "../RecordedEvent.ts"

/**
 * How many of the last events of each slice are looked through for a tenant's, so that it takes no
 * longer in a long log.
 */
export const lookBack = 2_000

/**
 * Where the newest events stand, all tenants' or one's, oldest first. One tenant's are looked for
 * among the last {@link lookBack} events of each slice.
 */
export const newestEvents = (
  sql: PgClient.PgClient,
  tenantId: TenantId | undefined,
  limit: number
): Effect.Effect<ReadonlyArray<SlicePosition>, SqlError.SqlError> => {
  const among = tenantId === undefined
    ? sql`position > h.position - ${BigInt(limit)}`
    : sql`position > h.position - ${BigInt(lookBack)} and tenant_id = ${tenantId}::uuid`
  return Effect.map(
    sql<{ slice: Slice; position: bigint }>`
      select slice, position from (
        select e.slice, e.position, e.recorded_at
        from slice_heads as h
        cross join lateral (
          select slice, position, recorded_at from events where slice = h.slice and ${among} order by position desc limit ${limit}
        ) as e
        order by e.recorded_at desc, e.position desc, e.slice limit ${limit}
      ) as newest
      order by recorded_at, slice, position`,
    (rows) => rows.map((row) => ({ slice: row.slice, position: Position(Number(row.position)) }))
  )
}
