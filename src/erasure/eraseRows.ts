import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import type { Owner, ProjectionStore } from "../projections/ProjectionStore.ts"
import { versionStates } from "../projections/versions.ts"

/**
 * Removes a user's rows of every version that the database knows, in the caller's transaction, and says how many there were. A version that this code
 * knows removes them itself; the tables of others, which may still be fed by another release, are known by their names.
 */
export const eraseRows = (
  sql: PgClient.PgClient,
  stores: ReadonlyArray<ProjectionStore>,
  user: Owner
): Effect.Effect<number, SqlError.SqlError> =>
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
      order by 1`
    const ofUser = "where tenant_id = $1::uuid and user_id = $2"
    const parameters = [user.tenantId, user.userId]
    let rows = 0
    for (const { name } of tables) {
      const [counted] = yield* sql.unsafe<{ rows: number }>(`select count(*)::int as rows from ${name} ${ofUser}`, parameters)
      rows += counted?.rows ?? 0
    }
    const isKnown = ({ projection: { name, version } }: ProjectionStore) =>
      versions.some((known) => known.projection === name && known.version === version)
    for (const store of stores.filter(isKnown)) yield* store.remove([user])
    for (const { name } of tables) yield* sql.unsafe(`delete from ${name} ${ofUser}`, parameters)
    return rows
  })
