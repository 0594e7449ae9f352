import { type DayRuns, union } from "../../values/dayRuns.ts"
import { addDecimals, compareDecimals, isPositive, subtractDecimals } from "../../values/decimalArithmetic.ts"
import type { TotalColumn } from "../projection/Column.ts"
import type { ContributionRow, TotalsTable } from "../projection/TotalsTable.ts"

/**
 * What has come together in one column: a number for counts and times, canonical decimal text for
 * amounts, runs of epoch days.
 */
export type TotalValue = number | string | DayRuns

/**
 * One row of a totals table in the making: a user's whole totals of a key, or what a chunk of
 * events adds to them.
 */
export interface TotalsRow {
  readonly key: ReadonlyArray<string>
  /**
   * How many events or entities contribute: the row exists for its readers while this is above 0.
   */
  contributions: number
  /**
   * In the order of the table's columns; undefined where nothing was contributed: see
   * {@link valueIn}.
   */
  readonly values: Array<TotalValue | undefined>
}

const noDays: DayRuns = []

/** What a column is where nothing was contributed: 0, null for a time, no days. */
export const nothingIn = ({ kind }: Pick<TotalColumn, "kind">): TotalValue | null => {
  switch (kind) {
    case "count":
      return 0
    case "amount":
    case "greatest":
      return "0"
    case "days":
      return noDays
    case "earliest":
    case "latest":
    case "difference":
      return null
  }
}

/** The value of a table's nth column in a row, also where nothing was contributed. */
export const valueIn = (row: TotalsRow, nth: number, column: TotalColumn): TotalValue | null => row.values[nth] ?? nothingIn(column)

/** The columns of a table, in order, and a row's values without any. */
interface Layout {
  readonly columns: ReadonlyArray<{ readonly nth: number; readonly name: string; readonly kind: TotalColumn["kind"] }>
  readonly empty: ReadonlyArray<undefined>
}

const layoutOf = (table: TotalsTable): Layout => {
  const known = layouts.get(table)
  if (known !== undefined) return known
  const columns = Object.entries(table.columns).map(([name, { kind }], nth) => ({ nth, name, kind }))
  const layout = { columns, empty: columns.map(() => undefined) }
  layouts.set(table, layout)
  return layout
}

// Totals are made for every user of every chunk.
const layouts = new WeakMap<TotalsTable, Layout>()

/**
 * Up to so many rows, a key's is found by looking at all of them: most users of a chunk have one or
 * two, which a map would cost several times as much.
 */
const fewRows = 8

/**
 * Brings contributions to one user's totals together, in memory, by the rules of the columns. The
 * tables' upsert does the same in SQL with what this gives; see `Column.ts` for the rules.
 */
export class Totals {
  readonly rows: Array<TotalsRow> = []
  private readonly key: ReadonlyArray<string>
  private readonly columns: Layout["columns"]
  private readonly empty: Layout["empty"]
  /** By key, once there are more than a few. */
  private index: Map<string, TotalsRow> | undefined

  constructor(table: TotalsTable) {
    this.key = table.key
    const { columns, empty } = layoutOf(table)
    this.columns = columns
    this.empty = empty
  }

  /** Adds a contribution. What the table has no column for is passed over. */
  add(contribution: ContributionRow): void {
    const row = this.rowOf(contribution)
    row.contributions++
    for (const { kind, name, nth } of this.columns) {
      const value = contribution[name]
      if (value !== undefined) addTo(row.values, nth, kind, kind === "days" ? [[Number(value), Number(value)]] : value)
    }
  }

  /**
   * Adds what other contributions to the same table have come to, and gives the rows that this
   * changes.
   */
  addRows(rows: ReadonlyArray<TotalsRow>): ReadonlyArray<TotalsRow> {
    return rows.map((added) => {
      const row = this.find(added.key) ?? this.newRow(added.key)
      row.contributions += added.contributions
      for (const { kind, nth } of this.columns) {
        const value = added.values[nth]
        if (value !== undefined) addTo(row.values, nth, kind, value)
      }
      return row
    })
  }

  /**
   * Whether a value contributed to an extreme or to days is the one that stands: the others say the
   * same without it if not.
   */
  stands(contribution: ContributionRow, name: string): boolean {
    const standing = this.find(this.keyOf(contribution))?.values[this.columns.findIndex((column) => column.name === name)]
    const value = contribution[name]
    return standing === undefined || value === undefined || typeof standing === "object" || standing === value
  }

  /**
   * Takes the counts and amounts of a contribution off again. Extremes and days stay: see
   * {@link withdraws}.
   */
  retract(contribution: ContributionRow): void {
    const row = this.rowOf(contribution)
    row.contributions--
    for (const { kind, name, nth } of this.columns) {
      const value = contribution[name]
      if (value === undefined) continue
      if (kind === "count") row.values[nth] = Number(row.values[nth] ?? 0) - Number(value)
      else if (kind === "amount") row.values[nth] = subtractDecimals(String(row.values[nth] ?? "0"), String(value))
    }
  }

  private keyOf(contribution: ContributionRow): ReadonlyArray<string> {
    return this.key.map((name) => String(contribution[name]))
  }

  private rowOf(contribution: ContributionRow): TotalsRow {
    const key = this.keyOf(contribution)
    return this.find(key) ?? this.newRow(key)
  }

  /** The row of a key, if there is one. */
  find(key: ReadonlyArray<string>): TotalsRow | undefined {
    if (this.index !== undefined) return this.index.get(idOf(key))
    for (const row of this.rows) if (sameKey(row.key, key)) return row
    return undefined
  }

  private newRow(key: ReadonlyArray<string>): TotalsRow {
    const row: TotalsRow = { key, contributions: 0, values: [...this.empty] }
    this.rows.push(row)
    if (this.index !== undefined) this.index.set(idOf(key), row)
    else if (this.rows.length > fewRows) this.index = new Map(this.rows.map((row) => [idOf(row.key), row]))
    return row
  }
}

const sameKey = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean => {
  for (let part = 0; part < a.length; part++) if (a[part] !== b[part]) return false
  return true
}

/** One text for a key, for the map of rows. */
// No text that PostgreSQL can store has a NUL in it, so no two keys come to the same.
const idOf = (key: ReadonlyArray<string>): string => key.length === 1 ? key[0] ?? "" : key.join("\0")

/** Brings a value together with the one that is there. */
const addTo = (values: Array<TotalValue | undefined>, nth: number, kind: TotalColumn["kind"], value: TotalValue): void => {
  const current = values[nth]
  if (current === undefined) {
    if (kind !== "greatest" || isPositive(String(value))) values[nth] = value
    return
  }
  switch (kind) {
    case "count":
      values[nth] = Number(current) + Number(value)
      return
    case "amount":
      values[nth] = addDecimals(String(current), String(value))
      return
    case "greatest":
      if (compareDecimals(String(value), String(current)) > 0) values[nth] = value
      return
    case "earliest":
      values[nth] = Math.min(Number(current), Number(value))
      return
    case "latest":
      values[nth] = Math.max(Number(current), Number(value))
      return
    case "days":
      if (typeof current === "object" && typeof value === "object") values[nth] = union(current, value)
  }
}

/**
 * Whether an entity that contributed `before` and now contributes `after` takes back a value that
 * may have been an extreme: adding up cannot undo that, so the user's totals must be made anew.
 * Whoever knows the totals before the change, `standing`, is spared that where others say the same.
 */
export const withdraws = (
  table: TotalsTable,
  before: ReadonlyArray<ContributionRow>,
  after: ReadonlyArray<ContributionRow>,
  standing?: Totals
): boolean => {
  const sameRow = (a: ContributionRow, b: ContributionRow) => table.key.every((name) => a[name] === b[name])
  return before.some((old) =>
    Object.entries(table.columns).some(([name, column]) => {
      const value = old[name]
      if (value === undefined || standing?.stands(old, name) === false) return false
      const kept = after.filter((now) => sameRow(now, old)).flatMap((now) => now[name] ?? [])
      switch (column.kind) {
        case "greatest":
          return !kept.some((now) => compareDecimals(String(now), String(value)) >= 0)
        case "earliest":
          return !kept.some((now) => Number(now) <= Number(value))
        case "latest":
          return !kept.some((now) => Number(now) >= Number(value))
        case "days":
          return !kept.includes(value)
        default:
          return false
      }
    })
  )
}
