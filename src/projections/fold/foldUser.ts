import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import { known } from "../../values/known.ts"
import type { EntityRow, EntityTable } from "../projection/EntityTable.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ContributionRow } from "../projection/TotalsTable.ts"
import { foldInOrder } from "./foldInOrder.ts"
import type { EntityKey, FoldResult } from "./FoldResult.ts"
import type { KnownUser } from "./KnownUser.ts"
import { Totals, withdraws } from "./Totals.ts"

/** Thrown to leave a fold that asked for a row which is not loaded. */
class MissingRow {
  readonly key: EntityKey
  constructor(key: EntityKey) {
    this.key = key
  }
}

/** The row of an entity that no event has told of yet. */
export const emptyEntity = (projection: AnyProjection, [table, ...key]: EntityKey): EntityRow => {
  const declared = projection.entities[table]
  if (declared === undefined) throw new Error(`${projection.name} has no entities "${table}"`)
  if (declared.key.length !== key.length) throw new Error(`${projection.name} ${table} has a key of ${declared.key.length} parts`)
  const row = { ...blankOf(declared) }
  declared.key.forEach((name, index) => row[name] = known(key[index], "part of a key"))
  return row
}

const blankOf = (table: EntityTable): EntityRow => {
  const cached = blanks.get(table)
  if (cached !== undefined) return cached
  const row: EntityRow = {}
  for (const name of table.key) row[name] = ""
  for (const [name, column] of Object.entries(table.columns)) row[name] = column.empty
  blanks.set(table, row)
  return row
}

// Every new payment, bet and account copies one.
const blanks = new WeakMap<EntityTable, EntityRow>()

/** One text for a key, for maps. */
export const entityId = (key: EntityKey): string => JSON.stringify(key)

/** What an entity as it stands adds to the totals. */
export const contributionsOf = (projection: AnyProjection, table: string, row: EntityRow | null): ReadonlyArray<ContributionRow> =>
  row === null ? [] : projection.contributions[table]?.(row) ?? []

/**
 * Folds some of a user's events on top of what is known of the user.
 *
 * It is pure: it copies the loaded rows before the fold changes them, and gives everything that is
 * to be written as values. It returns what the fold throws, so that the caller can park the user.
 */
export const foldUser = (projection: AnyProjection, events: ReadonlyArray<FastTrackEvent>, user: KnownUser): FoldResult => {
  try {
    const { contribute, fold, name, ordered } = projection
    if (ordered !== undefined) return foldInOrder({ name, ordered }, events, user)
    const { context, loaded, standing } = user
    const totals = projection.totals === undefined ? undefined : new Totals(projection.totals)
    if (fold !== undefined) {
      const missing: Array<EntityKey> = []
      for (const event of events) {
        for (const key of projection.keys(event)) if (loaded(key) === undefined) missing.push(key)
      }
      if (missing.length > 0) return { _tag: "Missing", keys: missing }
    }
    if (contribute !== undefined) {
      for (const event of events) {
        for (const contribution of contribute(event, context)) totals?.add(contribution)
      }
    }
    if (fold === undefined) return { _tag: "Folded", entities: [], totals: totals?.rows ?? [], recount: false }

    let touched: Map<string, { readonly key: EntityKey; readonly before: EntityRow | null; readonly row: EntityRow }> | undefined
    const rowOf = (key: EntityKey): EntityRow => {
      const id = entityId(key)
      const earlier = touched?.get(id)
      if (earlier !== undefined) return earlier.row
      const before = loaded(key)
      if (before === undefined) throw new MissingRow(key)
      const row = before === null ? emptyEntity(projection, key) : { ...before }
      touched ??= new Map()
      touched.set(id, { key, before, row })
      return row
    }
    const entities: Record<string, (...key: ReadonlyArray<string>) => EntityRow> = {}
    for (const table in projection.entities) entities[table] = (...key) => rowOf([table, ...key])
    for (const event of events) fold(event, entities, context)

    if (touched === undefined) return { _tag: "Folded", entities: [], totals: totals?.rows ?? [], recount: false }
    let recount = false
    for (const { before, key: [table], row } of touched.values()) {
      if (totals === undefined || projection.totals === undefined) break
      const old = contributionsOf(projection, table, before)
      const now = contributionsOf(projection, table, row)
      for (const contribution of old) totals.retract(contribution)
      for (const contribution of now) totals.add(contribution)
      recount ||= withdraws(projection.totals, { before: old, after: now, standing })
    }
    return {
      _tag: "Folded",
      entities: [...touched.values()].map(({ key: [table], row }) => ({ table, row })),
      totals: totals?.rows ?? [],
      recount
    }
  } catch (error) {
    return error instanceof MissingRow ? { _tag: "Missing", keys: [error.key] } : { _tag: "Failed", error }
  }
}
