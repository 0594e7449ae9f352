import { known } from "../../values/known.ts"
import { isStored, type TotalColumn } from "../projection/Column.ts"
import type { TotalKind, TotalValue } from "../projection/columns/TotalKind.ts"
import { kindOf } from "../projection/columns/totalKinds.ts"
import type { ContributionRow, TotalsTable } from "../projection/TotalsTable.ts"

/**
 * One row of a totals table in memory: a user's whole totals of a key, or what a chunk of events
 * adds to them.
 */
export interface TotalsRow {
  readonly key: ReadonlyArray<string>
  /** How many events or entities contribute. Readers get the row while this is above 0. */
  contributions: number
  /**
   * In the order of the table's columns; undefined where nothing was contributed. See
   * {@link valueIn}.
   */
  readonly values: Array<TotalValue | undefined>
}

/** The value of a table's nth column in a row, also where nothing was contributed. */
export const valueIn = (row: TotalsRow, nth: number, column: TotalColumn): TotalValue | null =>
  isStored(column) ? row.values[nth] ?? kindOf(column).nothing : null

/** A stored column with its place among all columns of its table. */
interface PlacedColumn {
  readonly nth: number
  readonly name: string
  readonly kind: TotalKind
  // Of the kind. All these objects have one shape, and so the loops over columns find the functions
  // at once; kinds themselves have several shapes.
  readonly one: TotalKind["one"]
  readonly merge: TotalKind["merge"]
}

/** The stored columns of a table, and the values of a row that nothing was contributed to. */
interface Layout {
  readonly columns: ReadonlyArray<PlacedColumn>
  readonly empty: ReadonlyArray<undefined>
}

const layoutOf = (table: TotalsTable): Layout => {
  const cached = layouts.get(table)
  if (cached !== undefined) return cached
  const all = Object.entries(table.columns)
  const columns = all.flatMap(([name, column], nth): ReadonlyArray<PlacedColumn> => {
    if (!isStored(column)) return []
    const kind = kindOf(column)
    return [{ nth, name, kind, one: kind.one, merge: kind.merge }]
  })
  const layout = { columns, empty: all.map(() => undefined) }
  layouts.set(table, layout)
  return layout
}

// Totals are made for every user of every chunk.
const layouts = new WeakMap<TotalsTable, Layout>()

/**
 * Up to this number of rows, a key's row is found by looking at all of them. Most users of a chunk
 * have one or two rows, and a map would cost several times as much.
 */
const fewRows = 8

/**
 * Brings contributions to one user's totals together, in memory, by the rules of the columns'
 * kinds. The tables' upsert applies the same rules in SQL to what comes of this.
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

  /** Adds a contribution. What the table has no column for is left out. */
  add(contribution: ContributionRow): void {
    const row = this.rowOf(contribution)
    row.contributions++
    const { values } = row
    for (const { merge, name, nth, one } of this.columns) {
      const contributed = contribution[name]
      if (contributed === undefined) continue
      const value = one(contributed)
      if (value === undefined) continue
      const current = values[nth]
      values[nth] = current === undefined ? value : merge(current, value)
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
      for (const { merge, nth } of this.columns) {
        const value = added.values[nth]
        if (value === undefined) continue
        const current = row.values[nth]
        row.values[nth] = current === undefined ? value : merge(current, value)
      }
      return row
    })
  }

  /**
   * Whether a column's value may be the one contributed here. If it is another one, it stays what
   * it is without this contribution. Only for columns that nothing is subtracted from.
   */
  stands(contribution: ContributionRow, name: string): boolean {
    const standing = this.find(this.keyOf(contribution))?.values[this.columns.find((column) => column.name === name)?.nth ?? -1]
    const contributed = contribution[name]
    return standing === undefined || contributed === undefined || typeof standing === "object" || standing === contributed
  }

  /**
   * Subtracts a contribution, where its columns allow it. The others keep what they have: see
   * {@link withdraws}.
   */
  retract(contribution: ContributionRow): void {
    const row = this.rowOf(contribution)
    row.contributions--
    for (const { kind, name, nth } of this.columns) {
      const contributed = contribution[name]
      if (contributed === undefined || kind.subtract === undefined) continue
      row.values[nth] = kind.subtract(row.values[nth] ?? kind.nothing, contributed)
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
// No text that PostgreSQL can store has a NUL in it, so no two keys have the same text.
const idOf = (key: ReadonlyArray<string>): string => key.length === 1 ? known(key[0], "part of a key") : key.join("\0")

/**
 * Whether an entity that contributed `before` and now contributes `after` withdraws a value that
 * may stand in a column without subtraction. The user's totals then have to be rebuilt.
 *
 * With `standing`, the user's totals before the change, they are rebuilt less often: a value that
 * does not stand there can go without a trace.
 */
export const withdraws = (
  table: TotalsTable,
  { after, before, standing }: {
    readonly before: ReadonlyArray<ContributionRow>
    readonly after: ReadonlyArray<ContributionRow>
    readonly standing: Totals | undefined
  }
): boolean => {
  const sameRow = (a: ContributionRow, b: ContributionRow) => table.key.every((name) => a[name] === b[name])
  const { columns } = layoutOf(table)
  return before.some((old) =>
    columns.some(({ kind, name }) => {
      const withdrawn = old[name]
      if (kind.subtract !== undefined || withdrawn === undefined || standing?.stands(old, name) === false) return false
      const kept = after.filter((now) => sameRow(now, old)).flatMap((now) => now[name] ?? [])
      return !kept.some((value) => kind.covers(value, withdrawn))
    })
  )
}
