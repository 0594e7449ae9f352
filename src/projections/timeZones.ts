import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"

/** Looks each tenant's IANA zone up once. */
export const timeZones = (sql: PgClient.PgClient) =>
  Effect.sync(() => {
    const known = new Map<string, string>()
    return Effect.fnUntraced(function*(tenantId: string) {
      const zone = known.get(tenantId)
      if (zone !== undefined) return zone
      const [row] = yield* sql<{ time_zone: string }>`select time_zone from tenants where tenant_id = ${tenantId}::uuid`
      const found = row?.time_zone ?? "UTC"
      known.set(tenantId, found)
      return found
    })
  })
