import { ofDays } from "../../values/dayRuns.ts"
import { compareDecimals, isPositive } from "../../values/decimalArithmetic.ts"
import type { TotalColumn } from "../projection/Column.ts"
import type { ContributionRow, TotalsTable } from "../projection/TotalsTable.ts"
import type { TotalsRow } from "./Totals.ts"

type Value = string | number

/** Values with how often each is contributed, and the one that stands on top. */
class Contributed {
  private readonly counts = new Map<Value, number>()
  /** A binary heap of values, some of which may have been withdrawn since. */
  private readonly heap: Array<Value> = []
  private readonly isBefore: (a: Value, b: Value) => boolean

  constructor(kind: TotalColumn["kind"]) {
    this.isBefore = kind === "greatest"
      ? (a, b) => compareDecimals(String(a), String(b)) > 0
      : kind === "latest"
      ? (a, b) => Number(a) > Number(b)
      : (a, b) => Number(a) < Number(b)
  }

  change(value: Value, by: 1 | -1): void {
    const before = this.counts.get(value) ?? 0
    if (before + by === 0) this.counts.delete(value)
    else this.counts.set(value, before + by)
    if (before === 0 && by === 1) this.push(value)
  }

  top(): Value | undefined {
    for (let first = this.heap[0]; first !== undefined; first = this.heap[0]) {
      if (this.counts.has(first)) return first
      this.pop()
    }
    return undefined
  }

  values(): Iterable<Value> {
    return this.counts.keys()
  }

  private push(value: Value): void {
    let at = this.heap.push(value) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.isBefore(value, this.heap[parent] as Value)) break
      this.heap[at] = this.heap[parent] as Value
      at = parent
    }
    this.heap[at] = value
  }

  private pop(): void {
    const last = this.heap.pop()
    if (last === undefined || this.heap.length === 0) return
    const { length } = this.heap
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && this.isBefore(this.heap[child + 1] as Value, this.heap[child] as Value)) child++
      if (!this.isBefore(this.heap[child] as Value, last)) break
      this.heap[at] = this.heap[child] as Value
      at = child
    }
    this.heap[at] = last
  }
}

/**
 * What a user's entities contribute to the extremes and dates of the totals. With it a value that
 * is withdrawn is replaced by the next one in the time of a look-up; without it all entities are
 * counted again, which for a user who withdraws again and again takes the square of their number.
 */
export class ContributedExtremes {
  private readonly columns: ReadonlyArray<{ readonly name: string; readonly nth: number; readonly kind: TotalColumn["kind"] }>
  private readonly key: ReadonlyArray<string>
  private readonly rows = new Map<string, ReadonlyArray<Contributed>>()

  constructor({ columns, key }: TotalsTable) {
    this.key = key
    this.columns = Object.entries(columns)
      .map(([name, { kind }], nth) => ({ name, nth, kind }))
      .filter(({ kind }) => kind !== "count" && kind !== "amount" && kind !== "difference")
  }

  add(contributions: ReadonlyArray<ContributionRow>): void {
    this.change(contributions, 1)
  }

  /** Takes contributions off that were added before. */
  remove(contributions: ReadonlyArray<ContributionRow>): void {
    this.change(contributions, -1)
  }

  /** Sets the extremes and dates of a row to what is contributed to it now. */
  settle(row: TotalsRow): void {
    const contributed = this.rows.get(idOf(row.key))
    this.columns.forEach(({ kind, nth }, at) => {
      const values = contributed?.[at]
      if (kind === "days") {
        const days = [...values?.values() ?? []].map(Number)
        row.values[nth] = days.length === 0 ? undefined : ofDays(days)
        return
      }
      const top = values?.top()
      row.values[nth] = kind === "greatest" && top !== undefined && !isPositive(String(top)) ? undefined : top
    })
  }

  private change(contributions: ReadonlyArray<ContributionRow>, by: 1 | -1): void {
    for (const contribution of contributions) {
      const id = idOf(this.key.map((name) => String(contribution[name])))
      let row = this.rows.get(id)
      if (row === undefined) {
        row = this.columns.map(({ kind }) => new Contributed(kind))
        this.rows.set(id, row)
      }
      this.columns.forEach(({ name }, at) => {
        const value = contribution[name]
        if (value !== undefined) row[at]?.change(value, by)
      })
    }
  }
}

const idOf = (key: ReadonlyArray<string>): string => JSON.stringify(key)
