import { isShown } from "../projection/Column.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import { comparedEntities, createEntities, createEntityView, type EntityStatements, entityStatements } from "./entityTableSql.ts"
import { type RankingTables, rankingTables } from "./rankingTables.ts"
import type { ComparedRows } from "./tableSql.ts"
import { comparedTotals, createTotals, createTotalsView, type TotalsStatements, totalsStatements } from "./totalsTableSql.ts"

/**
 * The SQL of one projection version: its tables, the views on them, and the statements that read
 * and write their rows. All text is constant.
 */
export interface ProjectionTables {
  /** What the names of the tables begin with. */
  readonly prefix: string
  readonly create: ReadonlyArray<string>
  readonly createViews: ReadonlyArray<string>
  /** The names of the tables. */
  readonly names: ReadonlyArray<string>
  /** The names of the views. */
  readonly views: ReadonlyArray<string>
  readonly totals: TotalsStatements | undefined
  /** Set where users are ranked by the totals. */
  readonly ranking: RankingTables | undefined
  readonly entities: Readonly<Record<string, EntityStatements>>
  /** What two versions are compared by: the totals that are read, or the first entity table. */
  readonly compared: ComparedRows
}

/** Makes the SQL of a version. Throws if a name in it is not a plain lower-case identifier. */
export const projectionTables = (projection: AnyProjection): ProjectionTables => {
  requirePlainNames(projection)
  const { name, ranking, totals, version } = projection
  const prefix = `${name}_v${version}_`
  const totalsName = `${prefix}totals`
  const ranked = totals && { totals, ranking }
  const ranks = totals && ranking && rankingTables({ prefix, name: totalsName, table: totals, ranking })
  const entities = Object.entries(projection.entities).map(([table, declared]) => ({
    table,
    name: `${prefix}${table}`,
    view: table === name ? name : `${name}_${table}`,
    declared
  }))
  const viewed = entities.filter(({ declared }) => Object.values(declared.columns).some(isShown))
  return {
    prefix,
    names: [...entities.map(({ name }) => name), ...totals === undefined ? [] : [totalsName]],
    views: [...viewed.map(({ view }) => view), ...totals === undefined ? [] : [`${name}_totals`]],
    create: [
      ...entities.map(({ declared, name }) => createEntities(name, declared)),
      ...totals === undefined ? [] : [createTotals(totalsName, totals, ranks?.columns ?? "")],
      ...ranks?.create ?? []
    ],
    createViews: [
      ...viewed.map(({ declared, name, view }) => createEntityView(view, name, declared)),
      ...ranked === undefined ? [] : [createTotalsView(`${name}_totals`, totalsName, ranked)]
    ],
    compared: ranked === undefined ? comparedFirst(projection, entities) : comparedTotals(totalsName, ranked),
    totals: totals && totalsStatements(totalsName, totals),
    ranking: ranks,
    entities: Object.fromEntries(entities.map(({ declared, name, table }) => [table, entityStatements(name, declared)]))
  }
}

const comparedFirst = (
  projection: AnyProjection,
  [first]: ReadonlyArray<{ readonly name: string; readonly declared: AnyProjection["entities"][string] }>
): ComparedRows => {
  if (first === undefined) throw new Error(`${projection.name} keeps no rows: it needs totals or entities`)
  return comparedEntities(first.name, first.declared)
}

const identifier = /^[a-z][a-z0-9_]{0,40}$/

/** Names become parts of SQL text, and no name has to be escaped there. */
const requirePlainNames = ({ entities, name, totals }: AnyProjection): void => {
  const tables = [...Object.values(entities), ...totals === undefined ? [] : [totals]]
  const names = [name, ...Object.keys(entities), ...tables.flatMap(({ columns, key }) => [...key, ...Object.keys(columns)])]
  for (const other of names) {
    if (!identifier.test(other)) throw new Error(`"${other}" in projection ${name} is not a plain lower-case name`)
  }
}
