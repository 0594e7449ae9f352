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
    const row = this.row(contribution)
    row.contributions++
    for (const [name, column] of Object.entries(this.table.columns)) {
      const value = contribution[name]
      if (value !== undefined) row.values[name] = merge(column, row.values[name] ?? null, value)
    }
  }

  /** Takes the counts and amounts of a contribution off again. Extremes and days stay: see {@link withdraws}. */
  retract(contribution: ContributionRow): void {
    const row = this.row(contribution)
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

  private row(contribution: ContributionRow): TotalsRow {
    const key = this.table.key.map((name) => String(contribution[name]))
    const id = key.length === 1 ? key[0] ?? "" : JSON.stringify(key)
    const known = this.rows.get(id)
    if (known !== undefined) return known
    const values: Record<string, Value> = {}
    for (const [name, column] of Object.entries(this.table.columns)) values[name] = emptyValue(column)
    const row = { key, contributions: 0, values }
    this.rows.set(id, row)
    return row
  }
}

const merge = (column: TotalColumn, current: Value, value: string | number): Value => {
  switch (column.kind) {
    case "count":
      return Number(current) + Number(value)
    case "amount":
      return BigDecimal.isBigDecimal(current) ? BigDecimal.sum(current, BigDecimal.fromStringUnsafe(String(value))) : current
    case "greatest":
      return BigDecimal.isBigDecimal(current) ? BigDecimal.max(current, BigDecimal.fromStringUnsafe(String(value))) : current
    case "earliest":
      return typeof current === "number" ? Math.min(current, Number(value)) : Number(value)
    case "latest":
      return typeof current === "number" ? Math.max(current, Number(value)) : Number(value)
    case "days":
      return current instanceof Set ? current.add(Number(value)) : current
    case "difference":
      return current
  }
}

/**
 * Whether an entity that contributed `before` and now contributes `after` takes back a value that may have been an extreme: adding up cannot undo
 * that, so the user's totals must be made anew.
 */
export const withdraws = (table: TotalsTable, before: ReadonlyArray<ContributionRow>, after: ReadonlyArray<ContributionRow>): boolean => {
  const sameKey = (a: ContributionRow, b: ContributionRow) => table.key.every((name) => a[name] === b[name])
  return before.some((old) =>
    Object.entries(table.columns).some(([name, column]) => {
      const value = old[name]
      if (value === undefined) return false
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
