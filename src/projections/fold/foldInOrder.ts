import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { EntityRow } from "../projection/EntityTable.ts"
import type { AnyOrdered } from "../projection/Ordered.ts"
import { nodes } from "../projection/orderedTables.ts"
import type { FoldResult } from "./FoldResult.ts"
import type { KnownUser } from "./KnownUser.ts"
import { inOrder, type Item, SummaryTree } from "./SummaryTree.ts"

/**
 * Folds some of a user's events into those known of the user, each in its own place, however late
 * it comes.
 *
 * The events are in a {@link SummaryTree}: the root is the row of the table that has the
 * projection's name, and each node below is a row of `nodes`. The nodes on the way to the events'
 * places are asked for level by level, those of all the events at once.
 */
export const foldInOrder = (
  { name, ordered }: { readonly name: string; readonly ordered: AnyOrdered },
  events: ReadonlyArray<FastTrackEvent>,
  { context, loaded }: KnownUser
): FoldResult => {
  const root = loaded([name])
  if (root === undefined) return { _tag: "Missing", keys: [[name]] }

  const tree = new SummaryTree(ordered, {
    nodeCount: Number(root?.["node_count"] ?? 0),
    load: (node) => {
      const row = loaded([nodes, node])
      if (row === null) throw new Error(`the node ${node} is gone`)
      return row && itemsOf(row)
    }
  })
  const added = events.map((event) => tree.item(ordered.order(event), ordered.one(event, context))).sort(inOrder)
  const inserted = tree.insert(root === null ? [] : itemsOf(root), added)
  if (tree.missing.length > 0) return { _tag: "Missing", keys: tree.missing.map((node) => [nodes, node]) }

  const items = tree.pack(inserted)
  const entities: Array<{ readonly table: string; readonly row: EntityRow }> = tree.changed.map((row) => ({ table: nodes, row }))
  if (items.length > 0) entities.push({ table: name, row: { ...tree.summaryOf(items), items, node_count: tree.nodeCount } })
  return { _tag: "Folded", entities, totals: [], recount: false }
}

/** The items in a row, as the tree gave them. */
const itemsOf = (row: EntityRow): ReadonlyArray<Item> => row["items"] as ReadonlyArray<Item>
