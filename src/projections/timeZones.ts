import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import { compareUtf8 } from "./compareUtf8.ts"
import type { Owner } from "./ProjectionStore.ts"

/** The IANA zone in which a user's rows are made. Only of the users it was looked up for. */
export type TimeZoneOf = (user: Owner & { readonly slice: number }) => string

/**
 * Looks up in which zones the rows of some users are made: their tenant's, or the one before for those whom a change has not come to yet (see
 * `changeTimeZone`). Never kept: asked by whoever holds the users' checkpoints, in READ COMMITTED, it stays true until that transaction ends, for a
 * user moves from one zone to the other under the same checkpoints.
 */
export const timeZones = (
  sql: PgClient.PgClient,
  users: Iterable<{ readonly tenantId: string; readonly slice: number }>
): Effect.Effect<TimeZoneOf, SqlError.SqlError> =>
  Effect.suspend(() => {
    const [tenants, slices] = [new Set<string>(), new Set<number>()]
    for (const { slice, tenantId } of users) {
      tenants.add(tenantId)
      slices.add(slice)
    }
    return Effect.map(
      sql<{ tenant_id: string; time_zone: string; slice: number | null; former: string | null; moved_up_to: string | null }>`
        select t.tenant_id, t.time_zone, m.slice, m.time_zone as former, m.moved_up_to
        from tenants t left join time_zone_moves m on m.tenant_id = t.tenant_id and m.slice = any (${arrayOf.int2([...slices])}::smallint[])
        where t.tenant_id = any (${arrayOf.uuid([...tenants])}::uuid[])`,
      (rows) => {
        const zones = new Map(rows.map((row) => [row.tenant_id, row.time_zone]))
        const moves = new Map<string, { readonly former: string; readonly upTo: string }>()
        for (const { former, moved_up_to, slice, tenant_id } of rows) {
          if (former !== null) moves.set(`${tenant_id}/${slice}`, { former, upTo: moved_up_to ?? "" })
        }
        return ({ slice, tenantId, userId }) => {
          const move = moves.size === 0 ? undefined : moves.get(`${tenantId}/${slice}`)
          return move !== undefined && compareUtf8(userId, move.upTo) > 0 ? move.former : zones.get(tenantId) ?? "UTC"
        }
      }
    )
  })
