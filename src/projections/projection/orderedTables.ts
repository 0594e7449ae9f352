import { internal } from "./Column.ts"
import type { AnyOrdered, EntityTable } from "./Projection.ts"

/**
 * The table of the nodes below the root; the root is the row of the table that has the projection's
 * name.
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
