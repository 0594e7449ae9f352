import * as BigDecimal from "effect/BigDecimal"
import type { TotalColumn } from "./Column.ts"
import type { ContributionRow, TotalsTable } from "./Projection.ts"

/** What has come together in one column: a number for counts and times, an exact decimal for amounts, a set of epoch days. */
type Value = number | BigDecimal.BigDecimal | null | Set<number>

/** One row of a totals table in the making: a user's whole totals of a key, or what a chunk of events adds to them. */
export interface TotalsRow {
  readonly key: ReadonlyArray<string>
  /** How many events or entities contribute: the row exists for its readers while this is above 0. */
  contributions: number
  readonly values: Record<string, Value>
}

const zero = BigDecimal.fromBigInt(0n)

const emptyValue = (column: TotalColumn): Value => {
  switch (column.kind) {
    case "count":
      return 0
    case "amount":
    case "greatest":
      return zero
    case "earliest":
    case "latest":
      return null
    case "days":
      return new Set()
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
    for (const [name, column] of Object.entries(this.table.columns)) {
      const value = contribution[name]
      if (value !== undefined) row.values[name] = join(column, row.values[name] ?? null, valueOf(column, value))
    }
  }

  /** Adds what other contributions to the same table have come to, and gives the rows that this changes. */
  addRows(rows: ReadonlyArray<TotalsRow>): ReadonlyArray<TotalsRow> {
    return rows.map(({ contributions, key, values }) => {
      const row = this.rowOf(key)
      row.contributions += contributions
      for (const [name, column] of Object.entries(this.table.columns)) {
        row.values[name] = join(column, row.values[name] ?? null, values[name] ?? null)
      }
      return row
    })
  }

  /** Whether a value contributed to an extreme or to days is the one that stands: the others say the same without it if not. */
  stands(contribution: ContributionRow, name: string): boolean {
    const column = this.table.columns[name]
    const standing = this.rows.get(idOf(this.keyOf(contribution)))?.values[name]
    const value = contribution[name]
    if (column === undefined || standing === undefined || value === undefined) return true
    return BigDecimal.isBigDecimal(standing)
      ? BigDecimal.equals(standing, decimalOf(value))
      : typeof standing !== "number" || standing === value
  }

  /** Takes the counts and amounts of a contribution off again. Extremes and days stay: see {@link withdraws}. */
  retract(contribution: ContributionRow): void {
    const row = this.rowOf(this.keyOf(contribution))
    row.contributions--
    for (const [name, column] of Object.entries(this.table.columns)) {
      const value = contribution[name]
      if (value === undefined) continue
      const current = row.values[name]
      if (column.kind === "count") row.values[name] = Number(current) - Number(value)
      else if (column.kind === "amount" && BigDecimal.isBigDecimal(current)) {
        row.values[name] = BigDecimal.subtract(current, BigDecimal.fromStringUnsafe(String(value)))
      }
    }
  }

  private keyOf(contribution: ContributionRow): ReadonlyArray<string> {
    return this.table.key.map((name) => String(contribution[name]))
  }

  private rowOf(key: ReadonlyArray<string>): TotalsRow {
    const id = idOf(key)
    const known = this.rows.get(id)
    if (known !== undefined) return known
    const values: Record<string, Value> = {}
    for (const [name, column] of Object.entries(this.table.columns)) values[name] = emptyValue(column)
    const row = { key, contributions: 0, values }
    this.rows.set(id, row)
    return row
  }
}

/** One text for a key, for the map of rows. */
const idOf = (key: ReadonlyArray<string>): string => key.length === 1 ? key[0] ?? "" : JSON.stringify(key)

/** What a single contribution to a column comes to. */
const valueOf = (column: TotalColumn, contributed: string | number): Value => {
  switch (column.kind) {
    case "amount":
    case "greatest":
      return decimalOf(contributed)
    case "days":
      return new Set([Number(contributed)])
    default:
      return Number(contributed)
  }
}

/** Both together. A set of days grows in place. */
const join = (column: TotalColumn, a: Value, b: Value): Value => {
  switch (column.kind) {
    case "count":
      return Number(a) + Number(b)
    case "amount":
      return BigDecimal.isBigDecimal(a) && BigDecimal.isBigDecimal(b) ? BigDecimal.sum(a, b) : a
    case "greatest":
      return BigDecimal.isBigDecimal(a) && BigDecimal.isBigDecimal(b) ? BigDecimal.max(a, b) : a
    case "earliest":
      return a === null || b === null ? a ?? b : Math.min(Number(a), Number(b))
    case "latest":
      return a === null || b === null ? a ?? b : Math.max(Number(a), Number(b))
    case "days":
      if (a instanceof Set && b instanceof Set) { for (const day of b) a.add(day) }
      return a
    case "difference":
      return a
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
          return !kept.some((now) => BigDecimal.isGreaterThanOrEqualTo(decimalOf(now), decimalOf(value)))
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

const decimalOf = (value: string | number) => BigDecimal.fromStringUnsafe(String(value))
