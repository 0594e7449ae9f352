import { internal } from "./Column.ts"
import type { EntityTable } from "./EntityTable.ts"
import type { AnyOrdered } from "./Ordered.ts"

/**
 * The table of an ordered projection's nodes below the root. The root is the row of the table that
 * has the projection's name (`SummaryTree.ts`).
 */
export const nodes = "nodes"

/** The tables of an ordered projection. */
export const orderedTables = (projection: string, { columns }: AnyOrdered): Readonly<Record<string, EntityTable>> => {
  const own = { items: internal, node_count: internal }
  for (const name of Object.keys(own)) {
    if (columns[name] !== undefined) throw new Error(`${projection} is ordered: it keeps something else in "${name}"`)
  }
  return { [projection]: { key: [], columns: { ...columns, ...own } }, [nodes]: { key: ["node"], columns: { items: internal } } }
}
