import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { FoldContext } from "./Projection.ts"

/** Looks up once what folds know of each tenant: the IANA zone and the first day of the week. */
export const foldContexts = (sql: PgClient.PgClient) =>
  Effect.sync(() => {
    const known = new Map<string, FoldContext>()
    return Effect.fnUntraced(function*(tenantId: string) {
      const context = known.get(tenantId)
      if (context !== undefined) return context
      const [row] = yield* sql<{ time_zone: string; week_start: number }>`
        select time_zone, week_start from tenants where tenant_id = ${tenantId}::uuid`
      const found: FoldContext = row === undefined ? { timeZone: "UTC" } : { timeZone: row.time_zone, weekStart: row.week_start }
      known.set(tenantId, found)
      return found
    })
  })
