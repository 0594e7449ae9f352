import type { TotalColumn } from "./Column.ts"
import { type DayRuns, union } from "./dayRuns.ts"
import { addDecimals, compareDecimals, isPositive, subtractDecimals } from "./decimalArithmetic.ts"
import type { ContributionRow, TotalsTable } from "./Projection.ts"

/** What has come together in one column: a number for counts and times, canonical decimal text for amounts, runs of epoch days. */
export type TotalValue = number | string | DayRuns

/** One row of a totals table in the making: a user's whole totals of a key, or what a chunk of events adds to them. */
export interface TotalsRow {
  readonly key: ReadonlyArray<string>
  /** How many events or entities contribute: the row exists for its readers while this is above 0. */
  contributions: number
  /** Only the columns that anything was contributed to: see {@link valueIn} for the others. */
  readonly values: Record<string, TotalValue>
}

const noDays: DayRuns = []

/** A column's value in a row, also where nothing was contributed: 0, null for a time, no days. */
export const valueIn = (row: TotalsRow, name: string, column: TotalColumn): TotalValue | null => {
  const value = row.values[name]
  if (value !== undefined) return value
  switch (column.kind) {
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

/**
 * Brings contributions to one user's totals together, in memory, by the rules of the columns. The tables' upsert does the same in SQL with what this
 * gives; see `Column.ts` for the rules.
 */
export class Totals {
  readonly rows = new Map<string, TotalsRow>()
  private readonly table: TotalsTable

  constructor(table: TotalsTable) {
    this.table = table
  }

  /** Adds a contribution. */
  add(contribution: ContributionRow): void {
    const row = this.rowOf(this.keyOf(contribution))
    row.contributions++
    for (const name in contribution) {
      const column = this.table.columns[name]
      const value = contribution[name]
      if (column !== undefined && value !== undefined) {
        addTo(row, name, column, column.kind === "days" ? [[Number(value), Number(value)]] : value)
      }
    }
  }

  /** Adds what other contributions to the same table have come to, and gives the rows that this changes. */
  addRows(rows: ReadonlyArray<TotalsRow>): ReadonlyArray<TotalsRow> {
    return rows.map(({ contributions, key, values }) => {
      const row = this.rowOf(key)
      row.contributions += contributions
      for (const name in values) {
        const column = this.table.columns[name]
        const value = values[name]
        if (column !== undefined && value !== undefined) addTo(row, name, column, value)
      }
      return row
    })
  }

  /** Whether a value contributed to an extreme or to days is the one that stands: the others say the same without it if not. */
  stands(contribution: ContributionRow, name: string): boolean {
    const standing = this.rows.get(idOf(this.keyOf(contribution)))?.values[name]
    const value = contribution[name]
    return standing === undefined || value === undefined || typeof standing === "object" || standing === value
  }

  /** Takes the counts and amounts of a contribution off again. Extremes and days stay: see {@link withdraws}. */
  retract(contribution: ContributionRow): void {
    const row = this.rowOf(this.keyOf(contribution))
    row.contributions--
    for (const name in contribution) {
      const column = this.table.columns[name]
      const value = contribution[name]
      if (column?.kind === "count") row.values[name] = Number(row.values[name] ?? 0) - Number(value)
      else if (column?.kind === "amount") row.values[name] = subtractDecimals(String(row.values[name] ?? "0"), String(value))
    }
  }

  private keyOf(contribution: ContributionRow): ReadonlyArray<string> {
    return this.table.key.map((name) => String(contribution[name]))
  }

  private rowOf(key: ReadonlyArray<string>): TotalsRow {
    const id = idOf(key)
    const known = this.rows.get(id)
    if (known !== undefined) return known
    const row: TotalsRow = { key, contributions: 0, values: {} }
    this.rows.set(id, row)
    return row
  }
}

/** One text for a key, for the map of rows. */
// No text that PostgreSQL can store has a NUL in it, so no two keys come to the same.
const idOf = (key: ReadonlyArray<string>): string => key.length === 1 ? key[0] ?? "" : key.join("\0")

/** Brings a value together with the one in the row. */
const addTo = (row: TotalsRow, name: string, column: TotalColumn, value: TotalValue): void => {
  const current = row.values[name]
  if (current === undefined) {
    if (column.kind !== "greatest" || isPositive(String(value))) row.values[name] = value
    return
  }
  switch (column.kind) {
    case "count":
      row.values[name] = Number(current) + Number(value)
      return
    case "amount":
      row.values[name] = addDecimals(String(current), String(value))
      return
    case "greatest":
      if (compareDecimals(String(value), String(current)) > 0) row.values[name] = value
      return
    case "earliest":
      row.values[name] = Math.min(Number(current), Number(value))
      return
    case "latest":
      row.values[name] = Math.max(Number(current), Number(value))
      return
    case "days":
      if (typeof current === "object" && typeof value === "object") row.values[name] = union(current, value)
  }
}

/**
 * Whether an entity that contributed `before` and now contributes `after` takes back a value that may have been an extreme: adding up cannot undo
 * that, so the user's totals must be made anew. Whoever knows the totals before the change, `standing`, is spared that where others say the same.
 */
export const withdraws = (
  table: TotalsTable,
  before: ReadonlyArray<ContributionRow>,
  after: ReadonlyArray<ContributionRow>,
  standing?: Totals
): boolean => {
  const sameKey = (a: ContributionRow, b: ContributionRow) => table.key.every((name) => a[name] === b[name])
  return before.some((old) =>
    Object.entries(table.columns).some(([name, column]) => {
      const value = old[name]
      if (value === undefined || standing?.stands(old, name) === false) return false
      const kept = after.filter((now) => sameKey(now, old)).flatMap((now) => now[name] ?? [])
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
