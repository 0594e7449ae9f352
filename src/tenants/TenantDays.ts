import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { known } from "../values/known.ts"
import type { TenantId } from "../values/TenantId.ts"

/*
 * The statements on when a tenant's days and weeks begin. A change has to rebuild what depends on
 * it, so only `src/time-zones` calls them, in a transaction of its own.
 */

/** When a tenant's days and weeks begin. */
export interface TenantDays {
  /** IANA name of the zone in which the tenant's days begin. */
  readonly timeZone: string
  /** The day with which the tenant's weeks begin: 1 (Monday) to 7. */
  readonly weekStart: number
}

/** Reads a tenant's zone and weeks and locks its row, so that one change at a time begins. */
export const hold = (sql: PgClient.PgClient, tenantId: TenantId): Effect.Effect<TenantDays, SqlError.SqlError> =>
  Effect.map(
    sql<{ time_zone: string; week_start: number }>`
      select time_zone, week_start from tenants where tenant_id = ${tenantId}::uuid for update`,
    ([row]) => {
      const { time_zone, week_start } = known(row, `tenant ${tenantId}`)
      return { timeZone: time_zone, weekStart: week_start }
    }
  )

/** Gives a tenant another zone and other weeks. The caller holds the row and rebuilds the rows. */
export const set = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  { timeZone, weekStart }: TenantDays
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`update tenants set time_zone = ${timeZone}, week_start = ${weekStart} where tenant_id = ${tenantId}::uuid`)
