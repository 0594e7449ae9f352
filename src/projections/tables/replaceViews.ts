import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { sqlState } from "../../database/classifySqlError.ts"
import { known } from "../../values/known.ts"
import type { ProjectionStore } from "./ProjectionStore.ts"

/**
 * A view has columns that the version lacks or has otherwise, so it would have to be dropped;
 * `dependents` would go with it.
 */
export class ViewsInTheWay extends Schema.TaggedError<ViewsInTheWay>("playtally/projections/ViewsInTheWay")("ViewsInTheWay", {
  view: Schema.String,
  dependents: Schema.Array(Schema.String)
}) {}

/** The SQLSTATE of a view that cannot be replaced by one with these columns. */
const invalidTableDefinition = "42P16"

/**
 * Points the plain-named views at a version, in the caller's transaction.
 *
 * A version may append columns. Anything else needs `remake`: it drops the view and creates it
 * again with its grants, unless other objects depend on the view.
 */
export const replaceViews = (
  sql: PgClient.PgClient,
  { tables }: ProjectionStore,
  { remake }: { readonly remake: boolean }
): Effect.Effect<void, ViewsInTheWay | SqlError.SqlError> =>
  Effect.forEach(tables.createViews, (create, index) => {
    const view = known(tables.views[index], "name of a view")
    const make = sql.withTransaction(sql.unsafe(create).unprepared)
    return make.pipe(
      Effect.catchIf((error) => sqlState(error) === invalidTableDefinition, () =>
        Effect.gen(function*() {
          const dependents = yield* dependentsOf(sql, view)
          if (!remake || dependents.length > 0) return yield* new ViewsInTheWay({ view, dependents })
          const grants = yield* grantsOn(sql, view)
          yield* sql.unsafe(`drop view ${view}`).unprepared
          yield* sql.unsafe(create).unprepared
          const columns = new Set(yield* columnsOf(sql, view))
          for (const { column, grantee, option, privilege } of grants) {
            if (column !== null && !columns.has(column)) continue
            const what = column === null ? privilege : `${privilege} (${column})`
            yield* sql.unsafe(`grant ${what} on ${view} to ${grantee}${option}`).unprepared
          }
        }))
    )
  }, { discard: true })

/** What is made from a view, by name. */
const dependentsOf = (sql: PgClient.PgClient, view: string) =>
  Effect.map(
    sql<{ name: string }>`
      select distinct c.oid::regclass::text as name
      from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class c on c.oid = r.ev_class
      where d.refobjid = to_regclass(${view}) and d.classid = 'pg_rewrite'::regclass and c.oid <> to_regclass(${view})
      order by 1`,
    (rows) => rows.map(({ name }) => name)
  )

/** The names of a view's columns, as SQL writes them. */
const columnsOf = (sql: PgClient.PgClient, view: string) =>
  Effect.map(
    sql<{ name: string }>`select quote_ident(attname) as name from pg_attribute where attrelid = to_regclass(${view}) and attnum > 0`,
    (rows) => rows.map(({ name }) => name)
  )

/** Who else may do what with a view, or with one column of it; all as SQL writes it. */
const grantsOn = (sql: PgClient.PgClient, view: string) =>
  sql<{ grantee: string; privilege: string; column: string | null; option: string }>`
    select case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as grantee,
      a.privilege_type as privilege, acls.column, case when a.is_grantable then ' with grant option' else '' end as option
    from pg_class c
    cross join lateral (
      select null as column, c.relacl as acl
      union all
      select quote_ident(attname), attacl from pg_attribute where attrelid = c.oid and attnum > 0
    ) as acls
    cross join lateral aclexplode(acls.acl) a
    where c.oid = to_regclass(${view}) and a.grantee <> c.relowner`
