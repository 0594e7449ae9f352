import { isStored, type StoredColumn, type TotalColumn } from "../projection/Column.ts"
import { kindOf, operandKind } from "../projection/columns/totalKinds.ts"
import type { Ranking, TotalsTable } from "../projection/TotalsTable.ts"
import { type ComparedRows, createView, givenUsers, keyColumns, options, owner, primaryKey, quote, removeSome, rowsOf } from "./tableSql.ts"

/** The statements that read and write the rows of a totals table. All text is constant. */
export interface TotalsStatements {
  /**
   * Adds rows to what is there: arrays of tenants, users, key parts, contributions and stored
   * columns.
   */
  readonly add: string
  /** The same where there are no rows of these keys yet. It takes half of the time. */
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
   * The rows of one user whose key begins with a text of some ranges, in order of the keys: the
   * tenant, the user, arrays of first and last texts, and the most.
   */
  readonly readRanges: string
  /**
   * The texts from one on that keys of a user begin with, each once, in order: the tenant, the
   * user, that text and how many.
   */
  readonly keysFrom: string
  /**
   * The stored columns, in the order of `add`'s parameters, each with its place among all columns
   * of the table.
   */
  readonly stored: ReadonlyArray<readonly [nth: number, column: StoredColumn]>
}

/** Makes the table; `ranks` are the columns of a ranking, if there is one. */
export const createTotals = (name: string, table: TotalsTable, ranks: string): string => {
  const columns = storedIn(table).map(({ column, name }) => `, ${quote(name)} ${kindOf(column).sql.column}`)
  return `create table if not exists ${name} (${owner}${keyColumns(table.key)}, contributions bigint not null${columns.join("")}${ranks},
    primary key (${primaryKey(table.key)})) ${options}`
}

export const createTotalsView = (view: string, name: string, { ranking, totals }: RankedTotals): string =>
  createView(view, {
    table: name,
    columns: [
      ...totals.key.map(quote),
      ...readColumns(totals).filter(({ column }) => !("hidden" in column)).map(({ name, value }) => `${value} as ${quote(name)}`),
      ...ranking === undefined ? [] : ["trim_scale(-rank_score) as score", "rank_at as reached_at"]
    ],
    where: " where contributions > 0"
  })

/** Makes the statements for the totals table `name`. */
export const totalsStatements = (name: string, table: TotalsTable): TotalsStatements => {
  const stored = storedIn(table)
  const names = ["tenant_id", "user_id", ...table.key.map(quote), "contributions", ...stored.map(({ name }) => quote(name))]
  const firstKey = quote(table.key[0] ?? "user_id")
  const inOrder = table.key.map((key) => `t.${quote(key)}`).join(", ")
  const ofUser = `from ${name} as t where t.tenant_id = $1::uuid and t.user_id = $2 and contributions > 0`
  const selected = [
    ...table.key.map((key) => `t.${quote(key)}`),
    ...readColumns(table).map(({ column, name, value }) =>
      `${isStored(column) ? kindOf(column).sql.fetched(value) : value} as ${quote(name)}`
    )
  ].join(", ")
  /** The parameters: their types, and the values to insert of `c1`, `c2` and so on. */
  const given = [
    ...["uuid", "text", ...table.key.map(() => "text"), "int"].map((type) => ({ type, zero: undefined })),
    ...stored.map(({ column }) => ({ type: kindOf(column).sql.parameter.type, zero: kindOf(column).sql.zero }))
  ].map(({ type, zero }, index) => ({
    type,
    name: `c${index + 1}`,
    value: zero === undefined ? `c${index + 1}` : `coalesce(c${index + 1}, ${zero})`
  }))
  const insert = `insert into ${name} as t (${names.join(", ")})
      select ${given.map(({ value }) => value).join(", ")} from (${rowsOf(given.map(({ type }) => type))}) as given (${
    given.map(({ name }) => name).join(", ")
  })`
  const merged = stored.map(({ column, name }) =>
    `${quote(name)} = ${kindOf(column).sql.merge(`t.${quote(name)}`, `excluded.${quote(name)}`)}`
  )
  return {
    insert,
    add: `${insert}
      on conflict (${primaryKey(table.key)}) do update set contributions = t.contributions + excluded.contributions,
        ${merged.join(", ")}`,
    remove: `delete from ${name} as t using ${givenUsers}
      where t.tenant_id = u.tenant_id and t.user_id = u.user_id`,
    removeSome: removeSome(name),
    read: `select t.user_id, ${selected} from unnest($2::text[]) as u (user_id)
      cross join lateral (select * from ${name} as t where t.tenant_id = $1::uuid and t.user_id = u.user_id and contributions > 0 limit $3) as t
      limit $4`,
    // Each range gives its first rows in the order of the primary key, so the first of all are
    // among them.
    readRanges: `select ${selected} from unnest($3::text[], $4::text[]) as r (first, last)
      cross join lateral (
        select * ${ofUser} and t.${firstKey} between r.first and r.last order by ${inOrder} limit $5
      ) as t
      order by ${inOrder} limit $5`,
    keysFrom: `select distinct t.${firstKey} as key ${ofUser} and t.${firstKey} >= $3 order by 1 limit $4`,
    stored: stored.map(({ column, nth }) => [nth, column])
  }
}

/** What two versions with totals are compared by. */
export const comparedTotals = (name: string, { ranking, totals }: RankedTotals): ComparedRows => ({
  select: `select t.tenant_id, t.user_id, ${
    [
      ...totals.key.map((key) => `t.${quote(key)}`),
      ...readColumns(totals).map(({ name, value }) => `${value} as ${quote(name)}`),
      ...ranking === undefined ? [] : ["-t.rank_score as score", "t.rank_at as reached_at"]
    ].join(", ")
  } from ${name} as t join u on t.tenant_id = u.tenant_id and t.user_id = u.user_id where t.contributions > 0`,
  key: totals.key,
  columns: [
    ...readColumns(totals).map(({ column, name }): readonly [string, boolean] => [name, !isStored(column) || kindOf(column).sql.isNumber]),
    // A version may compute what it ranks by in another way from the same totals.
    ...ranking === undefined ? [] : [["score", true], ["reached_at", false]] as const
  ]
})

/** Totals, and how users are ranked by them, if they are. */
interface RankedTotals {
  readonly totals: TotalsTable
  readonly ranking: Ranking | undefined
}

const storedIn = (table: TotalsTable) =>
  Object.entries(table.columns).flatMap(([name, column], nth) => isStored(column) ? [{ name, column, nth }] : [])

/** All columns as they are read, with the SQL of their values of the alias `t`. */
const readColumns = (table: TotalsTable) =>
  Object.entries(table.columns).map(([name, column]) => {
    const { sql } = isStored(column) ? kindOf(column) : operandKind(column)
    return { name, column, value: sql.shown(expression(table, name)) }
  })

/** The SQL value of a column of the table, differences spelled out. */
const expression = (table: TotalsTable, name: string): string => {
  const column: TotalColumn | undefined = table.columns[name]
  if (column === undefined) throw new Error(`there is no column "${name}" to take a difference of`)
  return isStored(column) ? `t.${quote(name)}` : `(${expression(table, column.minuend)} - ${expression(table, column.subtrahend)})`
}
