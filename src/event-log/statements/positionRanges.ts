import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"

/**
 * The positions of a slice after one up to another. They are dense: as many events as the
 * difference says.
 */
export interface PositionRange {
  readonly slice: Slice
  readonly after: Position
  readonly upTo: Position
}

/** An event of some user. */
export interface UserPosition {
  readonly slice: Slice
  readonly position: Position
  readonly userId: UserId
}

const unnested = (sql: PgClient.PgClient, ranges: ReadonlyArray<PositionRange>) =>
  sql`unnest(
    ${arrayOf.int2(ranges.map(({ slice }) => slice))}::smallint[],
    ${arrayOf.int8(ranges.map(({ after }) => after))}::bigint[],
    ${arrayOf.int8(ranges.map(({ upTo }) => upTo))}::bigint[]
  ) as r (slice, after, up_to)`

// The ranges are read by their key and nothing else: a tenant's other events may be many more.
// `offset 0` keeps it so.
const within = "where events.slice = r.slice and events.position > r.after and events.position <= r.up_to offset 0"

/**
 * Where a tenant's users have events in some ranges, in order of slice and position; what was
 * erased is nobody's.
 */
export const userPositions = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  ranges: ReadonlyArray<PositionRange>
): Effect.Effect<ReadonlyArray<UserPosition>, SqlError.SqlError> =>
  Effect.map(
    sql<{ slice: Slice; position: bigint; user_id: UserId }>`
      select e.slice, e.position, e.user_id from ${unnested(sql, ranges)}
      cross join lateral (select slice, position, tenant_id, user_id, event_type from events ${sql.literal(within)}) as e
      where e.tenant_id = ${tenantId}::uuid and e.event_type <> 'erased'
        and (e.tenant_id, e.user_id) not in (select tenant_id, user_id from unfinished_erasures)
      order by e.slice, e.position`,
    (rows) => rows.map(({ position, slice, user_id }) => ({ slice, position: Position(Number(position)), userId: user_id }))
  )

/** The tenants with events in some ranges. */
export const tenantsWithin = (
  sql: PgClient.PgClient,
  ranges: ReadonlyArray<PositionRange>
): Effect.Effect<ReadonlySet<string>, SqlError.SqlError> =>
  Effect.map(
    sql<{ tenant_id: TenantId }>`
      select distinct e.tenant_id from ${unnested(sql, ranges)}
      cross join lateral (select tenant_id from events ${sql.literal(within)}) as e`,
    (rows) => new Set(rows.map(({ tenant_id }) => tenant_id))
  )
