import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"

/**
 * What PostgreSQL has of the versions of projections: tables, keys, indexes, functions, triggers,
 * views.
 */
export interface SchemaObject {
  readonly name: string
  /** The statement that makes it. */
  readonly statement: string
  /** What two servers of other versions of PostgreSQL say alike of the same object. */
  readonly shape: string
  readonly isTable: boolean
}

/** What the names of the tables of each version begin with that a database knows. */
export const readPrefixes = (sql: PgClient.PgClient): Effect.Effect<ReadonlyArray<string>, SqlError.SqlError> =>
  Effect.map(
    sql<{ prefix: string }>`select projection || '_v' || version || '_' as prefix from projection_versions`,
    (rows) => rows.map(({ prefix }) => prefix)
  )

/**
 * Reads the tables of all versions that a database knows, with all that belongs to them, in an
 * order in which they can be made. It asks PostgreSQL, so a version of other code is among them.
 */
export const readSchema = (sql: PgClient.PgClient): Effect.Effect<ReadonlyArray<SchemaObject>, SqlError.SqlError> =>
  Effect.flatMap(readPrefixes(sql), (prefixes) => readObjects(sql, prefixes))

const readObjects = (
  sql: PgClient.PgClient,
  prefixes: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<SchemaObject>, SqlError.SqlError> =>
  sql<SchemaObject>`
    with prefixes as (select unnest(${arrayOf.text(prefixes)}::text[]) as prefix),
    tables as (
      select c.oid, c.relname, c.reloptions from pg_class c
      where c.relkind = 'r' and c.relnamespace = current_schema()::text::regnamespace
        and exists (select from prefixes where starts_with(c.relname, prefix))
    ),
    columns as (
      select a.attrelid, a.attnum,
        format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attcollation <> t.typcollation then format(' collate %I', l.collname) end)
          as declared,
        case when a.attgenerated = 's' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
          when a.atthasdef then format(' default %s', pg_get_expr(d.adbin, d.adrelid)) end as made,
        case when a.attnotnull then ' not null' end as filled
      from tables join pg_attribute a on a.attrelid = tables.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
      left join pg_collation l on l.oid = a.attcollation
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    ),
    functions as (
      select p.oid, p.proname from pg_proc p
      where p.pronamespace = current_schema()::text::regnamespace and exists (select from prefixes where starts_with(p.proname, prefix))
    ),
    objects as (
      select 1 as phase, t.relname::text as name,
        format('create table %I (%s)%s', t.relname,
          string_agg(concat(c.declared, c.made, c.filled), ', ' order by c.attnum),
          coalesce(' with (' || array_to_string(t.reloptions, ', ') || ')', '')) as statement,
        string_agg(concat(c.declared, case when c.made is not null then ' made' end, c.filled), ', ' order by c.attnum) as shape
      from tables t join columns c on c.attrelid = t.oid group by t.oid, t.relname, t.reloptions
      union all
      select 2, t.relname || ' ' || n.conname, format('alter table %I add constraint %I %s', t.relname, n.conname, pg_get_constraintdef(n.oid)), n.contype::text
      from tables t join pg_constraint n on n.conrelid = t.oid and n.contype in ('p', 'u', 'c')
      union all
      select 3, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), ''
      from tables t join pg_index i on i.indrelid = t.oid
      where not exists (select from pg_constraint n where n.conindid = i.indexrelid)
      union all
      select 4, f.proname::text, pg_get_functiondef(f.oid), '' from functions f
      union all
      select 5, t.relname || ' ' || g.tgname, pg_get_triggerdef(g.oid), ''
      from tables t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
      union all
      select distinct 6, v.oid::regclass::text, format('create view %s as %s', v.oid::regclass, pg_get_viewdef(v.oid)), ''
      from tables t
      join pg_depend d on d.refobjid = t.oid and d.refclassid = 'pg_class'::regclass and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite w on w.oid = d.objid join pg_class v on v.oid = w.ev_class and v.relkind = 'v'
    )
    select name, statement, shape, phase = 1 as "isTable" from objects order by phase, name collate "C"`

/** Makes what {@link readSchema} has read, in the caller's transaction. */
export const createTables = (sql: PgClient.PgClient, statements: ReadonlyArray<string>): Effect.Effect<void, SqlError.SqlError> =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement).unprepared, { discard: true })

/** Drops the tables of some versions, in the caller's transaction. */
export const dropVersions = (sql: PgClient.PgClient, prefixes: ReadonlyArray<string>): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const objects = yield* readObjects(sql, prefixes)
    for (const { isTable, name } of objects) if (isTable) yield* sql.unsafe(`drop table "${name}" cascade`).unprepared
    const functions = yield* sql<{ name: string }>`
      select p.oid::regprocedure::text as name from pg_proc p
      where p.pronamespace = current_schema()::text::regnamespace
        and exists (select from unnest(${arrayOf.text(prefixes)}::text[]) as v (prefix) where starts_with(p.proname, v.prefix))`
    for (const { name } of functions) yield* sql.unsafe(`drop function ${name}`).unprepared
  })

/** What a database has of some objects and another has not, by name; none if they are alike. */
export const differences = (one: ReadonlyArray<SchemaObject>, other: ReadonlyArray<SchemaObject>): ReadonlyArray<string> => {
  const shapes = new Map(other.map(({ name, shape }) => [name, shape]))
  const missing = one.filter(({ name, shape }) => shapes.get(name) !== shape).map(({ name }) => name)
  const names = new Set(one.map(({ name }) => name))
  return [...missing, ...other.filter(({ name }) => !names.has(name)).map(({ name }) => name)]
}
