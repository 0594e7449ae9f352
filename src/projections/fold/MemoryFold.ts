import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import { known } from "../../values/known.ts"
import { type DifferenceColumn, type EntityColumn, isShown, isStored } from "../projection/Column.ts"
import type { TotalValue } from "../projection/columns/TotalKind.ts"
import { operandKind } from "../projection/columns/totalKinds.ts"
import type { EntityRow } from "../projection/EntityTable.ts"
import type { FoldContext, ReadContext } from "../projection/FoldContext.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ReadRow } from "../projection/Section.ts"
import type { TotalsTable } from "../projection/TotalsTable.ts"
import { ContributedExtremes } from "./ContributedExtremes.ts"
import type { EntityKey } from "./FoldResult.ts"
import { contributionsOf, entityId, foldUser } from "./foldUser.ts"
import { Totals, type TotalsRow, valueIn } from "./Totals.ts"

/**
 * One user's rows of a projection, folded in memory.
 *
 * At any time it has what the tables would have if exactly the events added so far had been fed. It
 * keeps the rows and not the events, so a history of any length can be folded piece by piece.
 */
export class MemoryFold {
  /** About how many bytes of memory the rows take. */
  bytes = 0
  private readonly projection: AnyProjection
  private readonly context: FoldContext
  private readonly types: ReadonlySet<string>
  private readonly entities = new Map<string, { readonly table: string; readonly row: EntityRow }>()
  /**
   * The rows of the first table as readers get them. Without totals, the section is made from
   * them.
   */
  private readonly first = new Map<string, ReadRow>()
  private readonly totals: Totals | undefined
  /** Of all entities, from the first withdrawal that adding cannot undo: most users have none. */
  private extremes: ContributedExtremes | undefined
  /**
   * The rows of the totals as they read, as far as they have been asked for and not changed since.
   */
  private readonly read = new Map<TotalsRow, ReadRow>()

  constructor(projection: AnyProjection, context: FoldContext) {
    this.projection = projection
    this.context = context
    this.types = new Set(projection.events)
    this.totals = projection.totals === undefined ? undefined : new Totals(projection.totals)
  }

  /**
   * Folds further events of the user, and leaves out types that the projection does not fold.
   * Throws what the fold throws, and has then added none of these events.
   */
  add(events: ReadonlyArray<FastTrackEvent>): void {
    const own = events.filter(({ event }) => this.types.has(event))
    if (own.length === 0) return
    const result = foldUser(this.projection, own, {
      loaded: (key) => this.entities.get(entityId(key))?.row ?? null,
      context: this.context,
      standing: this.totals
    })
    if (result._tag === "Failed") throw result.error
    if (result._tag === "Missing") throw new Error("A row is missing though every row is here or known to be absent: this is a defect")
    if (result.recount) this.extremes ??= this.allExtremes()
    const [[first, { columns } = { columns: {} }] = []] = this.projection.totals === undefined
      ? Object.entries(this.projection.entities)
      : []
    for (const entity of result.entities) {
      const id = entityId(this.keyOf(entity))
      const before = this.entities.get(id)
      if (before === undefined) this.bytes += entityBytes + 2 * id.length
      if (this.extremes !== undefined) {
        if (before !== undefined) this.extremes.remove(contributionsOf(this.projection, before.table, before.row))
        this.extremes.add(contributionsOf(this.projection, entity.table, entity.row))
      }
      this.entities.set(id, entity)
      if (entity.table === first) this.first.set(id, shownRow(columns, entity.row))
    }
    if (this.totals === undefined) return
    const known = this.totals.rows.length
    for (const row of this.totals.addRows(result.totals)) {
      if (result.recount) this.extremes?.settle(row)
      this.read.delete(row)
    }
    this.bytes += (this.totals.rows.length - known) * totalsBytes
  }

  /** How many rows the section is made from. */
  count(): number {
    return this.totals?.rows.reduce((count, { contributions }) => count + (contributions > 0 ? 1 : 0), 0) ?? this.first.size
  }

  /** The rows the section is made from, as the tables would give them. */
  rows(): ReadonlyArray<ReadRow> {
    const { totals: table } = this.projection
    if (table !== undefined && this.totals !== undefined) {
      return this.totals.rows.filter(({ contributions }) => contributions > 0).map((row) => this.readRow(table, row))
    }
    return [...this.first.values()]
  }

  /** The user's section. */
  section(context: ReadContext): unknown {
    return this.projection.section.present(this.rows(), context)
  }

  /**
   * The rows that the value at the end of some names in the section is made from; each is the same
   * object as long as nothing changes in it.
   */
  rowsAt(names: ReadonlyArray<string>): ReadonlyArray<ReadRow> {
    const { section, totals: table } = this.projection
    const key = section.rowOf?.(names)
    if (key === undefined || table === undefined || this.totals === undefined) return this.rows()
    const row = this.totals.find(key)
    return row === undefined || row.contributions <= 0 ? [] : [this.readRow(table, row)]
  }

  private allExtremes(): ContributedExtremes | undefined {
    if (this.projection.totals === undefined) return undefined
    const extremes = new ContributedExtremes(this.projection.totals)
    for (const { row, table } of this.entities.values()) extremes.add(contributionsOf(this.projection, table, row))
    return extremes
  }

  private readRow(table: TotalsTable, row: TotalsRow): ReadRow {
    const known = this.read.get(row)
    if (known !== undefined) return known
    const read = readTotals(table, row)
    this.read.set(row, read)
    return read
  }

  private keyOf({ row, table }: { readonly table: string; readonly row: EntityRow }): EntityKey {
    return [table, ...this.projection.entities[table]?.key.map((name) => String(row[name])) ?? []]
  }
}

/**
 * About what an entity's row takes with its place in the map, without its key, and a row of the
 * totals as it is kept and as it reads.
 */
const entityBytes = 600
const totalsBytes = 1500

/** An entity's row as the tables would give it to readers. */
const shownRow = (columns: Readonly<Record<string, EntityColumn>>, row: EntityRow): ReadRow => {
  const hidden = Object.entries(columns).filter(([, column]) => !isShown(column)).map(([name]) => name)
  return hidden.length === 0 ? row : Object.fromEntries(Object.entries(row).filter(([name]) => !hidden.includes(name)))
}

/** A row of the totals as the tables would give it, with the differences. */
const readTotals = (table: TotalsTable, row: TotalsRow): ReadRow => {
  const read: Record<string, TotalValue | null | undefined> = {}
  table.key.forEach((name, index) => read[name] = row.key[index])
  Object.entries(table.columns).forEach(([name, column], nth) => {
    read[name] = isStored(column) ? valueIn(row, nth, column) : differenceIn(read, column)
  })
  return read
}

const differenceIn = (read: Readonly<Record<string, TotalValue | null | undefined>>, column: DifferenceColumn): TotalValue => {
  // Only counts and amounts are summed: neither is ever null, and neither is an object.
  const operand = (name: string) => known(read[name], `the column ${name} that a difference is of`) as string | number
  return operandKind(column).subtract(operand(column.minuend), operand(column.subtrahend))
}
