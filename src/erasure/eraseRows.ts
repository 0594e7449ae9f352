import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import type { Owner } from "../projections/ProjectionStore.ts"
import { versionStates } from "../projections/versions.ts"

/**
 * Removes a user's rows of every version that the database knows, in the caller's transaction, and says how many there were. The tables are known by their
 * names, for a version that this code does not know may still be fed by another release.
 */
export const eraseRows = (sql: PgClient.PgClient, user: Owner): Effect.Effect<number, SqlError.SqlError> =>
  Effect.gen(function*() {
    const versions = yield* versionStates(sql)
    const prefixes = versions.map(({ projection, version }) => `${projection}_v${version}_`)
    const tables = yield* sql<{ name: string }>`
      select quote_ident(c.relname) as name
      from pg_class as c
      where c.relkind in ('r', 'p') and pg_table_is_visible(c.oid)
        and exists (select from unnest(${arrayOf.text(prefixes)}::text[]) as p (prefix) where starts_with(c.relname, p.prefix))
        and 2 = (select count(*) from pg_attribute as a
          where a.attrelid = c.oid and a.attname in ('tenant_id', 'user_id') and not a.attisdropped)
      order by c.relname collate "C"`
    let rows = 0
    for (const { name } of tables) {
      const [gone] = yield* sql.unsafe<{ rows: number }>(
        `with gone as (delete from ${name} where tenant_id = $1::uuid and user_id = $2 returning 1) select count(*)::int as rows from gone`,
        [user.tenantId, user.userId]
      )
      rows += gone?.rows ?? 0
    }
    return rows
  })
