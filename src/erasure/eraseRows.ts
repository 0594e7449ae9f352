import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import type { UserRef } from "../projections/tables/ProjectionStore.ts"
import { versionStates } from "../projections/versions/versions.ts"
import { known } from "../values/known.ts"

/** How many rows were removed, and whether there may be more. */
export interface ErasedRows {
  readonly rows: number
  readonly isMore: boolean
}

/**
 * Removes a user's rows of every version that the database knows, at most `limit` of each table, in
 * the caller's transaction. The tables are known by their names, for a version that this code does
 * not know may still be fed by another release.
 */
export const eraseRows = (sql: PgClient.PgClient, user: UserRef, limit: number): Effect.Effect<ErasedRows, SqlError.SqlError> =>
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
    let [rows, isMore] = [0, false]
    for (const { name } of tables) {
      const [gone] = yield* sql.unsafe<{ rows: number }>(
        `with gone as (
          delete from ${name} where ctid = any (array(select ctid from ${name} where tenant_id = $1::uuid and user_id = $2 limit $3)) returning 1
        ) select count(*)::int as rows from gone`,
        [user.tenantId, user.userId, limit]
      )
      const removed = known(gone, "the count of removed rows").rows
      rows += removed
      if (removed >= limit) isMore = true
    }
    return { rows, isMore }
  })
