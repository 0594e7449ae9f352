import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import type { EntityRow } from "../projection/EntityTable.ts"
import type { FoldContext } from "../projection/FoldContext.ts"
import type { AnyOrdered } from "../projection/Ordered.ts"
import { nodes } from "../projection/orderedTables.ts"
import type { EntityKey, FoldResult, LoadedEntities } from "./FoldResult.ts"

/** Where something belongs in the order of a user's events. */
type Place = readonly [time: number, id: string]

/**
 * What a node has in a place, with its summary: an event (`child` is ""), or everything from that
 * place to the next item's, which is in the node of that name. What comes before all items belongs
 * to the first.
 */
type Item = readonly [...Place, child: string, ...summary: ReadonlyArray<EntityRow[string]>]

/**
 * About how many characters a node's items have at most. Above 2,000 bytes PostgreSQL compresses a
 * row's long values or moves them out, which makes writing it six times as expensive; below, a row
 * costs nearly the same whatever its size.
 */
const maxSize = 1600

/**
 * Fewer items of a node are not cut, and fewer of a level stay in the root: with the longest ids
 * there are, all of one instant, a node comes to some 8,000 bytes, and the root to 3,000 for each
 * level.
 */
const minItems = { node: 8, root: 4 }

/** The part of the root's items of one level that goes into nodes when it has too many. */
const packedPart = 0.75

/**
 * Folds some of a user's events into those known of the user, each in its own place, however late
 * it comes.
 *
 * They are kept in a search tree, a row a node. A leaf has events that follow each other, each with
 * its summary; a node above has leaves, or nodes all of one level, each with the summary of what is
 * in it. The root, which has the summary of everything, also keeps the last events itself: first
 * come its nodes, those of higher levels before those of lower ones, then events. So an event in
 * time changes the root alone, and a late one the nodes on the way to its place, a few even among
 * millions. How events are spread over nodes depends on how they came in, the summaries do not.
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

  const { cut, isTooLarge, summaryOf, valuesOf } = itemsOf(ordered)
  const missing: Array<EntityKey> = []
  const changed: Array<{ readonly table: string; readonly row: EntityRow }> = []
  let nodeCount = Number(root?.["node_count"] ?? 0)

  const save = (node: string, items: ReadonlyArray<Item>, [time, id]: Place): Item => {
    changed.push({ table: nodes, row: { node, items } })
    return [time, id, node, ...valuesOf(summaryOf(items))]
  }
  /**
   * Puts items into as many nodes of a level as it takes; `first` is the node they were in so far,
   * if any, and its place.
   */
  const saveAll = (items: ReadonlyArray<Item>, level: number, first?: Item): ReadonlyArray<Item> =>
    cut(items).map((piece, index, pieces) =>
      index === 0 && first !== undefined
        ? save(first[2], piece, [first[0], first[1]])
        : save(`${level}.${++nodeCount}`, piece, placeBetween(pieces[index - 1], piece))
    )
  /** What comes in the place of some items once these events are among or below them. */
  const insert = (items: ReadonlyArray<Item>, added: ReadonlyArray<Item>): ReadonlyArray<Item> => {
    if (items.length === 0) return added
    let end = 0
    return items.flatMap((item, at) => {
      const start = end
      while (end < added.length && !isReached(items[at + 1], added[end])) end++
      if (start === end) return [item]
      const own = added.slice(start, end)
      return levelOf(item) === 0 ? [item, ...own].sort(inOrder) : insertBelow(item, own)
    })
  }
  const insertBelow = (item: Item, added: ReadonlyArray<Item>): ReadonlyArray<Item> => {
    const key: EntityKey = [nodes, item[2]]
    const node = loaded(key)
    if (node === null) throw new Error(`the node ${item[2]} is gone`)
    if (node !== undefined) return saveAll(insert(stored(node), added), levelOf(item), item)
    missing.push(key)
    return [item]
  }

  const added = events.map((event): Item => [...ordered.order(event), "", ...valuesOf(ordered.one(event, context))]).sort(inOrder)
  let items = insert(root === null ? [] : stored(root), added)
  if (missing.length > 0) return { _tag: "Missing", keys: missing }
  while (isTooLarge(items)) {
    const run = lowestRun(items)
    if (run === undefined) break
    const { end, level, start } = run
    items = [...items.slice(0, start), ...saveAll(items.slice(start, end), level + 1), ...items.slice(end)]
  }
  if (items.length > 0) changed.push({ table: projection, row: { ...summaryOf(items), items, node_count: nodeCount } })
  return { _tag: "Folded", entities: changed, totals: [], recount: false }
}

/** The items in a row: what was put there by this file. */
const stored = (row: EntityRow): ReadonlyArray<Item> => row["items"] as ReadonlyArray<Item>

/** 0 of an event, 1 of a leaf: the name of a node begins with its level. */
const levelOf = ([, , child]: Item): number => child === "" ? 0 : Number.parseInt(child)

const inOrder = ([time, id]: Item, [otherTime, otherId]: Item): number => time - otherTime || compareUtf8(id, otherId)

const isReached = (next: Item | undefined, event: Item | undefined): boolean =>
  next !== undefined && event !== undefined && inOrder(next, event) <= 0

/**
 * From where on things belong to the later of two pieces: without the id, which is long, if the
 * time alone tells them apart.
 */
const placeBetween = (before: ReadonlyArray<Item> | undefined, [first]: ReadonlyArray<Item>): Place => {
  if (first === undefined) throw new Error("unreachable: nothing is cut into empty pieces")
  const last = before?.at(-1)
  const [time, id] = first
  return last !== undefined && levelOf(last) === 0 && last[0] < time ? [time, ""] : [time, id]
}

/**
 * Which of the root's items go into nodes of the next level: of the lowest level that has enough of
 * them, all but the last, for what comes in time belongs there.
 */
const lowestRun = (items: ReadonlyArray<Item>): { readonly level: number; readonly start: number; readonly end: number } | undefined => {
  const levels = items.map(levelOf)
  for (const level of new Set(levels.toReversed())) {
    const [start, count] = [levels.indexOf(level), levels.filter((other) => other === level).length]
    if (count >= minItems.root) return { level, start, end: start + Math.ceil(count * packedPart) }
  }
  return undefined
}

const itemsOf = ({ columns, combine }: AnyOrdered) => {
  const names = Object.keys(columns)
  const itemSize = 20 + 4 * names.length
  const isTooLarge = (items: ReadonlyArray<Item>) => items.reduce((size, [, id]) => size + itemSize + id.length, 0) > maxSize
  const cut = (items: ReadonlyArray<Item>): ReadonlyArray<ReadonlyArray<Item>> => {
    if (items.length < minItems.node || !isTooLarge(items)) return [items]
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
    isTooLarge,
    summaryOf: (items: ReadonlyArray<Item>): EntityRow => items.map(summaryOf).reduce((earlier, later) => combine(earlier, later)),
    valuesOf: (summary: EntityRow) => names.map((name) => summary[name] ?? null)
  }
}
