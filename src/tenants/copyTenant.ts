import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { TenantId } from "../values/TenantId.ts"

/**
 * Copies a tenant from the home database to another one, which its events refer to.
 *
 * A copy that is there stays as it is: its zone is changed by a change of zone alone. A tenant that
 * is not at home is not copied.
 */
export const copyTenant = (
  tenantId: TenantId,
  { from, to }: { readonly from: PgClient.PgClient; readonly to: PgClient.PgClient }
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const [tenant] = yield* from<{ name: string; time_zone: string; week_start: number; key_namespace: string; created_at: Date }>`
      select name, time_zone, week_start, key_namespace, created_at from tenants where tenant_id = ${tenantId}::uuid`
    if (tenant === undefined) return
    yield* to`
      insert into tenants (tenant_id, name, time_zone, week_start, key_namespace, created_at)
      values (${tenantId}::uuid, ${tenant.name}, ${tenant.time_zone}, ${tenant.week_start}, ${tenant.key_namespace}::uuid, ${tenant.created_at})
      on conflict (tenant_id) do nothing`
  })
