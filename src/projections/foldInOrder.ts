import type { FastTrackEvent } from "../fasttrack/FastTrackEvent.ts"
import { internal } from "./Column.ts"
import { compareUtf8 } from "./compareUtf8.ts"
import type { EntityKey, FoldResult, LoadedEntities } from "./foldUser.ts"
import type { AnyOrdered, EntityRow, EntityTable, FoldContext } from "./Projection.ts"

/** Where something belongs in the order of a user's events. */
type Place = readonly [time: number, id: string]

/**
 * What a node has in a place, with its summary: an event (`child` is 0), or everything from that place to the next item's, which is in the node of the
 * number `child`. What comes before all items belongs to the first.
 */
type Item = readonly [...Place, child: number, ...summary: ReadonlyArray<EntityRow[string]>]

/**
 * About how many characters a node's items have at most. Above 2,000 bytes PostgreSQL compresses a row's long values or moves them out, which makes
 * writing it six times as expensive; below, a row costs nearly the same whatever its size.
 */
const maxSize = 1600

/** A node of fewer items is never cut: with the longest ids there are, a row comes to some 8,000 bytes. */
const minItems = 8

/** The table of the nodes below the root; the root is the row of the table that has the projection's name. */
const nodes = "nodes"

/** The tables of an ordered projection. */
export const orderedTables = (projection: string, { columns }: AnyOrdered): Readonly<Record<string, EntityTable>> => {
  const own = { items: internal, node_count: internal }
  for (const name of Object.keys(own)) {
    if (columns[name] !== undefined) throw new Error(`${projection} is ordered: it keeps something else in "${name}"`)
  }
  return { [projection]: { key: [], columns: { ...columns, ...own } }, [nodes]: { key: ["node"], columns: { items: internal } } }
}

/**
 * Folds some of a user's events into those known of the user, each in its own place, however late it comes.
 *
 * They are kept in a search tree, a row a node: a leaf has some that follow each other, each with its summary; a node above has its children, with theirs; the
 * root has the summary of all. An event changes the nodes on the way to its place and no others, so a late one costs about what one in time does, and for
 * a user with few events there is but the root. How events are spread over nodes depends on how they came in, the summaries do not.
 *
 * The nodes on the way are asked for level by level, those of all the events at once.
 */
export const foldInOrder = (
  projection: string,
  ordered: AnyOrdered,
  events: ReadonlyArray<FastTrackEvent>,
  loaded: LoadedEntities,
  context: FoldContext
): FoldResult => {
  const root = loaded([projection])
  if (root === undefined) return { _tag: "Missing", keys: [[projection]] }

  const { cut, summaryOf, valuesOf } = itemsOf(ordered)
  const missing: Array<EntityKey> = []
  const changed: Array<{ readonly table: string; readonly row: EntityRow }> = []
  let nodeCount = Number(root?.["node_count"] ?? 0)

  const save = (node: number, items: ReadonlyArray<Item>, [time, id]: Place): Item => {
    changed.push({ table: nodes, row: { node: String(node), items } })
    return [time, id, node, ...valuesOf(summaryOf(items))]
  }
  /** The items of a node once these events are in it. */
  const insert = (items: ReadonlyArray<Item>, added: ReadonlyArray<Item>): ReadonlyArray<Item> => {
    if (items.every(isEvent)) return [...items, ...added].sort(inOrder)
    let end = 0
    return items.flatMap((item, at) => {
      const start = end
      while (end < added.length && !isReached(items[at + 1], added[end])) end++
      return start === end ? [item] : insertBelow(item, added.slice(start, end))
    })
  }
  /** What comes in the place of an item once these events are in its node, which may be cut. */
  const insertBelow = (item: Item, added: ReadonlyArray<Item>): ReadonlyArray<Item> => {
    const [time, id, child] = item
    const key: EntityKey = [nodes, String(child)]
    const node = loaded(key)
    if (node === null) throw new Error(`the node ${child} is gone`)
    if (node === undefined) {
      missing.push(key)
      return [item]
    }
    const pieces = cut(insert(stored(node), added))
    return pieces.map((piece, index) =>
      index === 0 ? save(child, piece, [time, id]) : save(++nodeCount, piece, placeBetween(pieces[index - 1], piece))
    )
  }

  const added = events.map((event): Item => [...ordered.order(event), 0, ...valuesOf(ordered.one(event, context))]).sort(inOrder)
  let items = insert(root === null ? [] : stored(root), added)
  if (missing.length > 0) return { _tag: "Missing", keys: missing }
  for (let pieces = cut(items); pieces.length > 1; pieces = cut(items)) {
    items = pieces.map((piece, index, pieces) => save(++nodeCount, piece, placeBetween(pieces[index - 1], piece)))
  }
  if (items.length > 0) changed.push({ table: projection, row: { ...summaryOf(items), items, node_count: nodeCount } })
  return { _tag: "Folded", entities: changed, totals: [], recount: false }
}

/** The items in a row: what was put there by this file. */
const stored = (row: EntityRow): ReadonlyArray<Item> => row["items"] as ReadonlyArray<Item>

const isEvent = ([, , child]: Item): boolean => child === 0
const inOrder = ([time, id]: Item, [otherTime, otherId]: Item): number => time - otherTime || compareUtf8(id, otherId)
const isReached = (next: Item | undefined, event: Item | undefined): boolean =>
  next !== undefined && event !== undefined && inOrder(next, event) <= 0

/** From where on things belong to the later of two pieces: without the id, which is long, if the time alone tells them apart. */
const placeBetween = (before: ReadonlyArray<Item> | undefined, [first]: ReadonlyArray<Item>): Place => {
  if (first === undefined) throw new Error("unreachable: nothing is cut into empty pieces")
  const last = before?.at(-1)
  const [time, id] = first
  return last !== undefined && isEvent(last) && last[0] < time ? [time, ""] : [time, id]
}

const itemsOf = ({ columns, combine }: AnyOrdered) => {
  const names = Object.keys(columns)
  const itemSize = 20 + 4 * names.length
  const cut = (items: ReadonlyArray<Item>): ReadonlyArray<ReadonlyArray<Item>> => {
    if (items.length < minItems || items.reduce((size, [, id]) => size + itemSize + id.length, 0) <= maxSize) return [items]
    const half = items.length >> 1
    return [...cut(items.slice(0, half)), ...cut(items.slice(half))]
  }
  const summaryOf = (item: Item): EntityRow => {
    const summary: EntityRow = {}
    let at = 3
    for (const name of names) summary[name] = item[at++] ?? null
    return summary
  }
  return {
    /** Pieces that are not too large for a node, of about the same size. */
    cut,
    summaryOf: (items: ReadonlyArray<Item>): EntityRow => items.map(summaryOf).reduce((earlier, later) => combine(earlier, later)),
    valuesOf: (summary: EntityRow) => names.map((name) => summary[name] ?? null)
  }
}
