import { type EntityColumn, isShown, type TotalColumn } from "../projection/Column.ts"
import type { EntityTable } from "../projection/EntityTable.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { Ranking, TotalsTable } from "../projection/TotalsTable.ts"
import { type RankingTables, rankingTables } from "./rankingTables.ts"

/**
 * The SQL of one projection version: its tables, the view on them, and the statements that read and
 * write their rows. All text is constant.
 */
export interface ProjectionTables {
  /** What the names of the tables begin with. */
  readonly prefix: string
  readonly create: ReadonlyArray<string>
  readonly createViews: ReadonlyArray<string>
  /** The names of the tables. */
  readonly names: ReadonlyArray<string>
  /** The names of the views. */
  readonly views: ReadonlyArray<string>
  readonly totals: TotalsStatements | undefined
  /** Set where users are ranked by the totals. */
  readonly ranking: RankingTables | undefined
  readonly entities: Readonly<Record<string, EntityStatements>>
  /** What two versions are compared by: the totals that are read, or the first entity table. */
  readonly compared: ComparedRows
}

/**
 * Rows as they are read, for a comparison in SQL: `select` gives tenant_id, user_id, the key and
 * the columns of the alias `u`'s users.
 */
export interface ComparedRows {
  readonly select: string
  readonly key: ReadonlyArray<string>
  readonly columns: ReadonlyArray<readonly [name: string, isNumber: boolean]>
}

export interface TotalsStatements {
  /**
   * Adds rows to what is there: parameters are the arrays of tenants, users, key parts,
   * contributions and stored columns.
   */
  readonly add: string
  /** The same where there are no rows of these keys yet, in half of the time. */
  readonly insert: string
  /** Removes the rows of users: arrays of tenants and users. */
  readonly remove: string
  /** Removes some rows of a user and says how many: the tenant, the user, and the most. */
  readonly removeSome: string
  /**
   * The rows of one tenant's users that anything contributes to: the tenant, an array of users, the
   * most of each user and the most in all.
   */
  readonly read: string
  /**
   * Those of one user whose key begins with a text of some ranges, in order of the keys: the
   * tenant, the user, arrays of first and last texts, and the most.
   */
  readonly readRanges: string
  /**
   * The texts from one on that keys of a user begin with, each once, in order: the tenant, the
   * user, that text and how many.
   */
  readonly keysFrom: string
  /**
   * The stored columns, in the order of `add`'s parameters, each with its place among all of the
   * table's.
   */
  readonly stored: ReadonlyArray<readonly [nth: number, column: TotalColumn]>
}

export interface EntityStatements {
  /** Rows by key: arrays of tenants, users and key parts. */
  readonly load: string
  /**
   * The first rows of users in the order of their keys, so many of each: arrays of tenants and
   * users, and the number.
   */
  readonly loadUsers: string
  /**
   * The rows of a user that follow a key: the tenant, the user, the parts of the key, and the most.
   */
  readonly loadAfter: string
  /** Removes the rows of users: arrays of tenants and users. */
  readonly remove: string
  /** Removes some rows of a user and says how many: the tenant, the user, and the most. */
  readonly removeSome: string
  /** Inserts or replaces rows: arrays of tenants, users, key parts and columns. */
  readonly save: string
  /** The same where there are no rows of these keys yet, in half of the time. */
  readonly insert: string
  /**
   * The rows of one tenant's users: the tenant, an array of users, the most of each user and the
   * most in all.
   */
  readonly read: string
  readonly columns: ReadonlyArray<readonly [name: string, column: EntityColumn]>
}

const identifier = /^[a-z][a-z0-9_]{0,40}$/

/** Makes the SQL of a version. Throws if a name in it is not a plain lower-case identifier. */
export const projectionTables = (projection: AnyProjection): ProjectionTables => {
  const prefix = `${projection.name}_v${projection.version}_`
  const names = [projection.name, ...Object.keys(projection.entities), ...Object.values(projection.entities).flatMap(namesOf)]
  if (projection.totals !== undefined) names.push(...namesOf(projection.totals))
  for (const name of names) {
    if (!identifier.test(name)) throw new Error(`"${name}" in projection ${projection.name} is not a plain lower-case name`)
  }
  const entities = Object.entries(projection.entities)
  const totals = projection.totals
  const ranking = totals === undefined || projection.ranking === undefined
    ? undefined
    : rankingTables(prefix, `${prefix}totals`, totals, projection.ranking)
  const entityView = (name: string) => name === projection.name ? name : `${projection.name}_${name}`
  const viewed = entities.filter(([, { columns }]) => Object.values(columns).some(isShown))
  return {
    prefix,
    names: [...entities.map(([name]) => `${prefix}${name}`), ...totals === undefined ? [] : [`${prefix}totals`]],
    views: [...viewed.map(([name]) => entityView(name)), ...totals === undefined ? [] : [`${projection.name}_totals`]],
    create: [
      ...entities.map(([name, table]) => createEntities(`${prefix}${name}`, table)),
      ...totals === undefined ? [] : [createTotals(`${prefix}totals`, totals, ranking?.columns ?? "")],
      ...ranking?.create ?? []
    ],
    createViews: [
      ...viewed.map(([name, table]) => view(entityView(name), `${prefix}${name}`, namesOf(shownOf(table)).map(quote), "")),
      ...totals === undefined
        ? []
        : [view(`${projection.name}_totals`, `${prefix}totals`, [
          ...visibleTotals(totals),
          ...ranking === undefined ? [] : ["trim_scale(-rank_score) as score", "rank_at as reached_at"]
        ], " where contributions > 0")]
    ],
    compared: totals === undefined ? comparedEntities(prefix, entities[0]) : comparedTotals(`${prefix}totals`, totals, projection.ranking),
    totals: totals === undefined ? undefined : totalsStatements(`${prefix}totals`, totals),
    ranking,
    entities: Object.fromEntries(entities.map(([name, table]) => [name, entityStatements(`${prefix}${name}`, table)]))
  }
}

const quote = (name: string): string => `"${name}"`

const namesOf = (table: EntityTable | TotalsTable): ReadonlyArray<string> => [...table.key, ...Object.keys(table.columns)]

/**
 * The rows of arrays of these types, the first parameter, the second and so on. Each array is
 * unnested in the select list, which goes through all of them side by side: as `from unnest(…)` of
 * several, each would first be written to a store of its own, in four times the time.
 */
const rowsOf = (...types: ReadonlyArray<string>): string =>
  `select ${types.map((type, index) => `unnest($${index + 1}::${type}[])`).join(", ")}`

const owner = `tenant_id uuid not null, user_id text collate "C" not null`

const keyColumns = (key: ReadonlyArray<string>): string => key.map((name) => `, ${quote(name)} text collate "C" not null`).join("")

const primaryKey = (key: ReadonlyArray<string>): string => ["tenant_id", "user_id", ...key.map(quote)].join(", ")

// Rows are rewritten again and again: room on each page keeps the updates off the index.
const options = "with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)"

/** Whoever runs it holds the checkpoint: the rows stay where they were found. */
const removeSome = (name: string): string => `
  with gone as (
    delete from ${name} where ctid = any (array(select ctid from ${name} where tenant_id = $1::uuid and user_id = $2 limit $3)) returning 1
  ) select count(*)::int as rows from gone`

// --- entities

const entityType = (column: EntityColumn): string => {
  switch (column.kind) {
    case "text":
      return "text"
    case "decimal":
      return "numeric"
    case "time":
      return "timestamptz"
    case "flag":
      return "boolean"
    case "tally":
      return "bigint"
    case "internal":
      // Not json, which would be checked each time it is written.
      return "text"
  }
}

/** The table as its readers know it. */
const shownOf = ({ columns, key }: EntityTable): EntityTable => ({
  key,
  columns: Object.fromEntries(Object.entries(columns).filter(([, column]) => isShown(column)))
})

const createEntities = (name: string, table: EntityTable): string => {
  const columns = Object.entries(table.columns).map(([column, type]) => `, ${quote(column)} ${entityType(type)}`).join("")
  return `create table if not exists ${name} (${owner}${keyColumns(table.key)}${columns}, primary key (${
    primaryKey(table.key)
  })) ${options}`
}

const entityStatements = (name: string, table: EntityTable): EntityStatements => {
  const columns = Object.entries(table.columns)
  const names = namesOf(table)
  const selected = ({ columns, key }: EntityTable) =>
    [
      "t.tenant_id",
      "t.user_id",
      ...key.map((name) => `t.${quote(name)}`),
      ...Object.entries(columns).map(([column, { kind }]) =>
        kind === "decimal" ? `trim_scale(t.${quote(column)}) as ${quote(column)}` : `t.${quote(column)}`
      )
    ].join(", ")
  const keyArrays = table.key.map((_, index) => `, $${index + 3}::text[]`).join("")
  const columnTypes = columns.map(([, column]) => entityType(column))
  const users = `unnest($1::uuid[], $2::text[]) as u (tenant_id, user_id)`
  const lookUp = (from: string, on: string, read = table, limit = "offset 0") =>
    // The lateral limit keeps a look-up by key one, whatever the statistics of a young table say.
    `select ${selected(read)} from ${from} cross join lateral (select * from ${name} as t where ${on} ${limit}) as t`
  const sameUser = "t.tenant_id = u.tenant_id and t.user_id = u.user_id"
  const keyNames = table.key.map((key) => `t.${quote(key)}`)
  const inOrder = table.key.length === 0 ? "" : ` order by ${keyNames.join(", ")}`
  const insert = `insert into ${name} (tenant_id, user_id, ${names.map(quote).join(", ")})
      ${rowsOf("uuid", "text", ...table.key.map(() => "text"), ...columnTypes)}`
  return {
    load: lookUp(
      `unnest($1::uuid[], $2::text[]${keyArrays}) as u (tenant_id, user_id${table.key.map((key) => `, ${quote(key)}`).join("")})`,
      [sameUser, ...table.key.map((key) => `t.${quote(key)} = u.${quote(key)}`)].join(" and ")
    ),
    loadUsers: lookUp(users, `${sameUser}${inOrder} limit $3`),
    loadAfter: `select ${selected(table)} from ${name} as t where t.tenant_id = $1::uuid and t.user_id = $2${
      table.key.length === 0
        ? " and false"
        : ` and (${keyNames.join(", ")}) > (${table.key.map((_, index) => `$${index + 3}::text collate "C"`).join(", ")})`
    }${inOrder} limit $${table.key.length + 3}::int`,
    remove: `delete from ${name} as t using ${users} where ${sameUser}`,
    removeSome: removeSome(name),
    insert,
    save: `${insert}
      on conflict (${primaryKey(table.key)}) do update set ${
      columns.map(([column]) => `${quote(column)} = excluded.${quote(column)}`).join(", ")
    }`,
    read: `${
      lookUp(`unnest($2::text[]) as u (user_id)`, "t.tenant_id = $1::uuid and t.user_id = u.user_id", shownOf(table), "limit $3")
    } limit $4`,
    columns
  }
}

// --- totals

const totalType = (column: TotalColumn): string => {
  switch (column.kind) {
    case "count":
      return "bigint not null"
    case "amount":
    case "greatest":
      return "numeric not null"
    case "earliest":
    case "latest":
      return "timestamptz"
    case "days":
      return "datemultirange not null"
    case "difference":
      return ""
  }
}

/**
 * The SQL of `nothingIn`, which travels as a null, for columns that take none; undefined for the
 * others.
 */
const zeroOf = (column: TotalColumn | undefined): string | undefined => {
  switch (column?.kind) {
    case "count":
    case "amount":
    case "greatest":
      return "0"
    case "days":
      return "'{}'"
    default:
      return undefined
  }
}

/**
 * How a column's stored value and what is added come together: the SQL of the rules in `Column.ts`.
 */
const merged = (name: string, column: TotalColumn): string => {
  const [old, added] = [`t.${quote(name)}`, `excluded.${quote(name)}`]
  switch (column.kind) {
    case "count":
    case "amount":
    case "days":
      return `${old} + ${added}`
    case "greatest":
    case "latest":
      return `greatest(${old}, ${added})`
    case "earliest":
      return `least(${old}, ${added})`
    case "difference":
      return ""
  }
}

/** The SQL value of a column of the table, differences spelled out. */
const expression = (table: TotalsTable, name: string): string => {
  const column = table.columns[name]
  if (column === undefined) throw new Error(`there is no column "${name}" to take a difference of`)
  return column.kind === "difference"
    ? `(${expression(table, column.minuend)} - ${expression(table, column.subtrahend)})`
    : `t.${quote(name)}`
}

/** All columns as they are read, differences worked out, amounts without needless zeros. */
const readColumns = (table: TotalsTable): ReadonlyArray<readonly [name: string, column: TotalColumn, value: string]> =>
  Object.entries(table.columns).map(([name, column]) => {
    const value = expression(table, name)
    const isAmount = column.kind === "amount" || column.kind === "greatest" || (column.kind === "difference" && column.of === "amount")
    return [name, column, isAmount ? `trim_scale(${value})` : value]
  })

const visibleTotals = (table: TotalsTable): ReadonlyArray<string> => [
  ...table.key.map(quote),
  ...readColumns(table).filter(([, column]) => !("hidden" in column)).map(([name, , value]) => `${value} as ${quote(name)}`)
]

const createTotals = (name: string, table: TotalsTable, ranks: string): string => {
  const columns = Object.entries(table.columns)
    .filter(([, column]) => column.kind !== "difference")
    .map(([column, type]) => `, ${quote(column)} ${totalType(type)}`)
  return `create table if not exists ${name} (${owner}${keyColumns(table.key)}, contributions bigint not null${columns.join("")}${ranks},
    primary key (${primaryKey(table.key)})) ${options}`
}

const totalsStatements = (name: string, table: TotalsTable): TotalsStatements => {
  const stored = Object.entries(table.columns).filter(([, column]) => column.kind !== "difference")
  // Counts travel as int4, as the store has them.
  const columnTypes = stored.map(([, column]) => column.kind === "count" ? "int" : totalType(column).replace(" not null", ""))
  const names = ["tenant_id", "user_id", ...table.key.map(quote), "contributions", ...stored.map(([column]) => quote(column))]
  const firstKey = quote(table.key[0] ?? "user_id")
  const ofUser = `from ${name} as t where t.tenant_id = $1::uuid and t.user_id = $2 and contributions > 0`
  const selected = [
    ...table.key.map((key) => `t.${quote(key)}`),
    // The driver knows no multiranges: they travel as text.
    ...readColumns(table).map(([name, column, value]) => `${value}${column.kind === "days" ? "::text" : ""} as ${quote(name)}`)
  ]
  const given = ["uuid", "text", ...table.key.map(() => "text"), "int", ...columnTypes].map((type, index) =>
    [`c${index + 1}`, type] as const
  )
  const first = given.length - stored.length
  const values = given.map(([value], index) => {
    const zero = zeroOf(stored[index - first]?.[1])
    return zero === undefined ? value : `coalesce(${value}, ${zero})`
  })
  const insert = `insert into ${name} as t (${names.join(", ")})
      select ${values.join(", ")} from (${rowsOf(...given.map(([, type]) => type))}) as given (${given.map(([value]) => value).join(", ")})`
  return {
    insert,
    add: `${insert}
      on conflict (${primaryKey(table.key)}) do update set contributions = t.contributions + excluded.contributions,
        ${stored.map(([column, type]) => `${quote(column)} = ${merged(column, type)}`).join(", ")}`,
    remove: `delete from ${name} as t using unnest($1::uuid[], $2::text[]) as u (tenant_id, user_id)
      where t.tenant_id = u.tenant_id and t.user_id = u.user_id`,
    removeSome: removeSome(name),
    read: `select t.user_id, ${selected.join(", ")} from unnest($2::text[]) as u (user_id)
      cross join lateral (select * from ${name} as t where t.tenant_id = $1::uuid and t.user_id = u.user_id and contributions > 0 limit $3) as t
      limit $4`,
    // Each range gives its first rows in the order of the primary key, so the first of all are
    // among them.
    readRanges: `select ${selected.join(", ")} from unnest($3::text[], $4::text[]) as r (first, last)
      cross join lateral (
        select * ${ofUser} and t.${firstKey} between r.first and r.last order by ${
      table.key.map((key) => `t.${quote(key)}`).join(", ")
    } limit $5
      ) as t
      order by ${table.key.map((key) => `t.${quote(key)}`).join(", ")} limit $5`,
    keysFrom: `select distinct t.${firstKey} as key ${ofUser} and t.${firstKey} >= $3 order by 1 limit $4`,
    stored: Object.values(table.columns).map((column, nth) => [nth, column] as const).filter(([, { kind }]) => kind !== "difference")
  }
}

// --- comparing

const comparedTotals = (name: string, table: TotalsTable, ranking: Ranking | undefined): ComparedRows => ({
  select: `select t.tenant_id, t.user_id, ${
    [
      ...table.key.map((key) => `t.${quote(key)}`),
      ...readColumns(table).map(([column, , value]) => `${value} as ${quote(column)}`),
      ...ranking === undefined ? [] : ["-t.rank_score as score", "t.rank_at as reached_at"]
    ].join(", ")
  } from ${name} as t join u on t.tenant_id = u.tenant_id and t.user_id = u.user_id where t.contributions > 0`,
  key: table.key,
  columns: [
    ...readColumns(table).map(([column, { kind }]): readonly [string, boolean] => [column, !["earliest", "latest", "days"].includes(kind)]),
    // What is ranked by may be worked out in another way from the same totals.
    ...ranking === undefined ? [] : [["score", true], ["reached_at", false]] as const
  ]
})

const comparedEntities = (prefix: string, first: readonly [string, EntityTable] | undefined): ComparedRows => {
  if (first === undefined) throw new Error(`${prefix} keeps no rows: it needs totals or entities`)
  const [name, table] = [first[0], shownOf(first[1])]
  return {
    select: `select t.tenant_id, t.user_id, ${namesOf(table).map((column) => `t.${quote(column)}`).join(", ")}
      from ${prefix}${name} as t join u on t.tenant_id = u.tenant_id and t.user_id = u.user_id`,
    key: table.key,
    columns: Object.entries(table.columns).map(([column, { kind }]) => [column, kind === "decimal" || kind === "tally"])
  }
}

const view = (name: string, table: string, columns: ReadonlyArray<string>, where: string): string =>
  `create or replace view ${name} as select tenant_id, user_id, ${columns.join(", ")} from ${table} as t${where}`
