import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { TenantId } from "../values/TenantId.ts"

interface TenantCopy {
  readonly tenant_id: TenantId
  readonly name: string
  readonly time_zone: string
  readonly week_start: number
  readonly key_namespace: string
}

const tenantsIn = (sql: PgClient.PgClient) =>
  sql<TenantCopy>`select tenant_id, name, time_zone, week_start, key_namespace from tenants order by name`

/** The copies of tenants in a database that are not as the home database has them, in words. */
export const differingTenants = (
  home: PgClient.PgClient,
  sql: PgClient.PgClient
): Effect.Effect<ReadonlyArray<string>, SqlError.SqlError> =>
  Effect.gen(function*() {
    if (sql === home) return []
    const tenants = new Map((yield* tenantsIn(home)).map((tenant) => [tenant.tenant_id, tenant]))
    return (yield* tenantsIn(sql)).flatMap((copy) => {
      const tenant = tenants.get(copy.tenant_id)
      if (tenant === undefined) return [`there is a tenant "${copy.name}" that home does not have`]
      if (copy.name !== tenant.name || copy.key_namespace !== tenant.key_namespace) {
        return [`the copy of tenant "${tenant.name}" is not as home has it`]
      }
      if (copy.time_zone === tenant.time_zone && copy.week_start === tenant.week_start) return []
      return [
        `tenant "${tenant.name}" has other days than at home: repeat \`tenants set-zone\` or \`tenants set-week-start\` to end the change`
      ]
    })
  })
