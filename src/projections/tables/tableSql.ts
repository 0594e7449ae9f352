/*
 * What the SQL of totals and of entities has in common. Names in it are plain, for
 * `projectionTables` checks them.
 */

export const quote = (name: string): string => `"${name}"`

/** The columns that say whose a row is. */
export const owner = `tenant_id uuid not null, user_id text collate "C" not null`

export const keyColumns = (key: ReadonlyArray<string>): string => key.map((name) => `, ${quote(name)} text collate "C" not null`).join("")

export const primaryKey = (key: ReadonlyArray<string>): string => ["tenant_id", "user_id", ...key.map(quote)].join(", ")

/** Rows are rewritten again and again: room on each page keeps the updates off the index. */
export const options = "with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)"

/**
 * The rows of arrays of these types: the first parameter, the second and so on.
 *
 * Each array is unnested in the select list, which goes through all arrays side by side. A
 * `from unnest(…)` of several arrays first writes each to a store of its own, which takes four
 * times as long.
 */
export const rowsOf = (types: ReadonlyArray<string>): string =>
  `select ${types.map((type, index) => `unnest($${index + 1}::${type}[])`).join(", ")}`

/** The users of the first two parameters, arrays of tenants and users. */
export const givenUsers = `unnest($1::uuid[], $2::text[]) as u (tenant_id, user_id)`

/**
 * Removes some rows of a user and says how many: the tenant, the user, and the most.
 *
 * The caller holds the checkpoint, so the rows stay where they were found.
 */
export const removeSome = (name: string): string => `
  with gone as (
    delete from ${name} where ctid = any (array(select ctid from ${name} where tenant_id = $1::uuid and user_id = $2 limit $3)) returning 1
  ) select count(*)::int as rows from gone`

/** A view with the rows of a table, of the alias `t`. */
export const createView = (
  name: string,
  { columns, table, where }: { readonly table: string; readonly columns: ReadonlyArray<string>; readonly where: string }
): string => `create or replace view ${name} as select tenant_id, user_id, ${columns.join(", ")} from ${table} as t${where}`

/**
 * Rows as they are read, for a comparison in SQL. `select` gives tenant_id, user_id, the key and
 * the columns, of the users that a query named `u` has.
 */
export interface ComparedRows {
  readonly select: string
  readonly key: ReadonlyArray<string>
  readonly columns: ReadonlyArray<readonly [name: string, isNumber: boolean]>
}
