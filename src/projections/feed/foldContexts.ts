import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { FoldContext } from "../projection/FoldContext.ts"
import type { UserRef } from "../tables/ProjectionStore.ts"

/**
 * What folds know of a user's tenant, with the zone in which the user's rows are made. It knows
 * only the users that it was looked up for.
 */
export type ContextOf = (user: UserRef & { readonly slice: Slice }) => FoldContext

/**
 * Looks up what folds know of the tenants of some users: the zone and the first day of the week
 * that rows are made with. They are the tenant's, or the former ones for users whom a change has
 * not come to yet (see `changeTimeZone`).
 *
 * The caller holds the users' checkpoints, in READ COMMITTED. The answer stays true until that
 * transaction ends, since a user moves from one zone to the other under the same checkpoints. It is
 * never kept.
 */
export const foldContexts = (
  sql: PgClient.PgClient,
  users: Iterable<{ readonly tenantId: TenantId; readonly slice: Slice }>
): Effect.Effect<ContextOf, SqlError.SqlError> =>
  Effect.suspend(() => {
    const [tenants, slices] = [new Set<TenantId>(), new Set<Slice>()]
    for (const { slice, tenantId } of users) {
      tenants.add(tenantId)
      slices.add(slice)
    }
    return Effect.map(
      sql<{
        tenant_id: TenantId
        time_zone: string
        week_start: number
        slice: Slice | null
        former: string | null
        former_week_start: number | null
        moved_up_to: string | null
      }>`
        select t.tenant_id, t.time_zone, t.week_start, m.slice, m.time_zone as former, m.week_start as former_week_start, m.moved_up_to
        from tenants t left join time_zone_moves m on m.tenant_id = t.tenant_id and m.slice = any (${arrayOf.int2([...slices])}::smallint[])
        where t.tenant_id = any (${arrayOf.uuid([...tenants])}::uuid[])`,
      (rows) => {
        const contexts = new Map<string, FoldContext>()
        const moves = new Map<string, { readonly former: FoldContext; readonly upTo: string }>()
        for (const { former, former_week_start, moved_up_to, slice, tenant_id, time_zone, week_start } of rows) {
          contexts.set(tenant_id, { timeZone: time_zone, weekStart: week_start })
          if (former === null) continue
          moves.set(`${tenant_id}/${slice}`, {
            former: { timeZone: former, weekStart: former_week_start ?? week_start },
            upTo: moved_up_to ?? ""
          })
        }
        return ({ slice, tenantId, userId }) => {
          const move = moves.size === 0 ? undefined : moves.get(`${tenantId}/${slice}`)
          return move !== undefined && compareUtf8(userId, move.upTo) > 0 ? move.former : contexts.get(tenantId) ?? { timeZone: "UTC" }
        }
      }
    )
  })
