import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { databasesOfLog } from "../event-log/LogDatabases.ts"
import { erasedType } from "../event-log/pseudonym.ts"
import type { SliceRange } from "../event-log/statements/servedSlices.ts"
import type { UserInSlice } from "../projections/feed/FedUser.ts"
import type { Slice } from "../values/Slice.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"

/*
 * The statements that write the table `time_zone_moves`: how far a change of a tenant's zone, or of
 * the first day of its weeks, has come. It has one row for each slice that is left, with the former
 * zone and weeks. Users up to `moved_up_to`, by the bytes of their ids, live by the new ones, and
 * users after it by the former ones: `foldContexts` reads it so.
 *
 * All functions but {@link formerDays} run in the caller's transaction. One that changes a row
 * holds the checkpoints of the row's slice: see `Checkpoints.ts`, which has the lock order.
 */

/** The zone and first day of the week that some users of a tenant still live by. */
export interface FormerDays {
  readonly timeZone: string
  /** 1 (Monday) to 7; null if the change began before weeks could change. */
  readonly weekStart: number | null
}

/**
 * What the tenants with a change under way change from, by tenant id.
 *
 * Where a log has several databases, a change is under way until all of them have ended it.
 */
export const formerDays: Effect.Effect<ReadonlyMap<TenantId, FormerDays>, DatabaseUnavailable, PgClient.PgClient> = Effect.gen(function*() {
  const { all, home } = yield* databasesOfLog
  const parts = yield* Effect.forEach(all, ({ sql }) =>
    Effect.gen(function*() {
      const moves = yield* sql<DaysRow>`select distinct tenant_id, time_zone, week_start from time_zone_moves`
      return { moves, tenants: sql === home ? [] : yield* daysOf(sql) }
    }))
  const tenants = parts.some(({ tenants }) => tenants.length > 0) ? yield* daysOf(home) : []
  // A copy that a change has not come to yet.
  const behind = parts.flatMap(({ tenants }) => tenants).filter((copy) =>
    tenants.some((tenant) =>
      tenant.tenant_id === copy.tenant_id && (tenant.time_zone !== copy.time_zone || tenant.week_start !== copy.week_start)
    )
  )
  const rows = [...behind, ...parts.flatMap(({ moves }) => moves)]
  return new Map(rows.map((row) => [row.tenant_id, { timeZone: row.time_zone, weekStart: row.week_start }]))
}).pipe(unavailable("TimeZoneMoves.formerDays"))

interface DaysRow {
  readonly tenant_id: TenantId
  readonly time_zone: string
  readonly week_start: number | null
}

const daysOf = (sql: PgClient.PgClient) => sql<DaysRow>`select tenant_id, time_zone, week_start from tenants`

/** Notes that all users of all slices still live by the tenant's zone and weeks of before. */
export const begin = (sql: PgClient.PgClient, tenantId: TenantId): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`
    insert into time_zone_moves (tenant_id, slice, time_zone, week_start)
    select tenant_id, slice, time_zone, week_start from tenants cross join slice_heads where tenant_id = ${tenantId}::uuid`)

/** The slices that a tenant's change has still to go through. */
export const slicesLeft = (sql: PgClient.PgClient, tenantId: TenantId): Effect.Effect<ReadonlyArray<Slice>, SqlError.SqlError> =>
  Effect.map(
    sql<{ slice: Slice }>`select slice from time_zone_moves where tenant_id = ${tenantId}::uuid order by slice`,
    (rows) => rows.map(({ slice }) => slice)
  )

/** A tenant and one of the slices with its users. */
export interface TenantSlice {
  readonly tenantId: TenantId
  readonly slice: Slice
}

/** How far a tenant's change has come in a slice. */
export interface SliceMove {
  /** The last user who lives by the new zone and weeks; empty if none does. */
  readonly movedUpTo: string
  /** Whether the zone changes, and not only the first day of the week. */
  readonly isOfZone: boolean
}

/** Holds how far a tenant's change has come in a slice; undefined if it is through with it. */
export const hold = (
  sql: PgClient.PgClient,
  { slice, tenantId }: TenantSlice
): Effect.Effect<SliceMove | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<{ moved_up_to: string; of_zone: boolean }>`
      select m.moved_up_to, m.time_zone <> t.time_zone as of_zone from tenants t join time_zone_moves m using (tenant_id)
      where m.tenant_id = ${tenantId}::uuid and m.slice = ${slice} for update of m`,
    ([row]) => row === undefined ? undefined : { movedUpTo: row.moved_up_to, isOfZone: row.of_zone }
  )

/** Notes that a tenant's users of a slice live by the new zone and weeks, up to this user. */
export const passUser = (
  sql: PgClient.PgClient,
  { slice, tenantId }: TenantSlice,
  userId: UserId
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`update time_zone_moves set moved_up_to = ${userId} where tenant_id = ${tenantId}::uuid and slice = ${slice}`)

/** Notes that all of a tenant's users of a slice live by the new zone and weeks. */
export const endSlice = (sql: PgClient.PgClient, { slice, tenantId }: TenantSlice): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from time_zone_moves where tenant_id = ${tenantId}::uuid and slice = ${slice}`)

/** Forgets the changes in some slices, which another database has. */
export const forgetSlices = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from time_zone_moves where slice between ${first} and ${last}`)

/**
 * Removes a user who is erased: a change that has stopped at the user goes on from the user before.
 */
export const forgetUser = (sql: PgClient.PgClient, { slice, tenantId, userId }: UserInSlice): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`
    update time_zone_moves as m set moved_up_to = coalesce((
      select max(e.user_id) from events e
      where e.slice = m.slice and e.tenant_id = m.tenant_id and e.user_id < m.moved_up_to and e.event_type <> ${erasedType}
    ), '')
    where tenant_id = ${tenantId}::uuid and slice = ${slice} and moved_up_to = ${userId}`)
