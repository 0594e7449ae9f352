import { isStored } from "../projection/Column.ts"
import type { Collected, CollectedKind, TotalValue } from "../projection/columns/TotalKind.ts"
import { kindOf } from "../projection/columns/totalKinds.ts"
import type { ContributionRow, TotalsTable } from "../projection/TotalsTable.ts"
import type { TotalsRow } from "./Totals.ts"

/** A column that contributions cannot be subtracted from, with its place in the table. */
interface CollectedColumn {
  readonly name: string
  readonly nth: number
  readonly kind: CollectedKind<string | number, TotalValue, TotalValue | null>
}

/**
 * What a user's entities contribute to the extremes and dates of the totals.
 *
 * It finds the value that replaces a withdrawn one in the time of a look-up. Without it, each
 * withdrawal counts all entities again, and a user who withdraws often takes the square of the
 * number of entities.
 */
export class ContributedExtremes {
  private readonly columns: ReadonlyArray<CollectedColumn>
  private readonly key: ReadonlyArray<string>
  private readonly rows = new Map<string, ReadonlyArray<CollectedColumn & { readonly collected: Collected }>>()

  constructor({ columns, key }: TotalsTable) {
    this.key = key
    this.columns = Object.entries(columns).flatMap(([name, column], nth) => {
      if (!isStored(column)) return []
      const kind = kindOf(column)
      return kind.subtract === undefined ? [{ name, nth, kind }] : []
    })
  }

  add(contributions: ReadonlyArray<ContributionRow>): void {
    this.each(contributions, (collected, contributed) => collected.add(contributed))
  }

  /** Takes off contributions that were added before. */
  remove(contributions: ReadonlyArray<ContributionRow>): void {
    this.each(contributions, (collected, contributed) => collected.remove(contributed))
  }

  /** Sets the extremes and dates of a row to what is contributed to it now. */
  settle(row: TotalsRow): void {
    for (const { nth } of this.columns) row.values[nth] = undefined
    for (const { collected, nth } of this.rows.get(idOf(row.key)) ?? []) row.values[nth] = collected.value()
  }

  private each(contributions: ReadonlyArray<ContributionRow>, change: (collected: Collected, contributed: string | number) => void): void {
    for (const contribution of contributions) {
      for (const { collected, kind, name } of this.rowOf(contribution)) {
        const contributed = contribution[name]
        if (contributed !== undefined && kind.one(contributed) !== undefined) change(collected, contributed)
      }
    }
  }

  private rowOf(contribution: ContributionRow): ReadonlyArray<CollectedColumn & { readonly collected: Collected }> {
    const id = idOf(this.key.map((name) => String(contribution[name])))
    const known = this.rows.get(id)
    if (known !== undefined) return known
    const row = this.columns.map((column) => ({ ...column, collected: column.kind.collect() }))
    this.rows.set(id, row)
    return row
  }
}

const idOf = (key: ReadonlyArray<string>): string => JSON.stringify(key)
