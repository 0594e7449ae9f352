import { compareUtf8 } from "../../values/compareUtf8.ts"
import { known } from "../../values/known.ts"
import type { EntityRow } from "../projection/EntityTable.ts"
import type { AnyOrdered } from "../projection/Ordered.ts"

/** Where something belongs in the order of a user's events. */
export type Place = readonly [time: number, id: string]

/**
 * What a node has in a place, with its summary.
 *
 * If `child` is "", it is an event. Otherwise it stands for everything from that place to the next
 * item's place, and the node named `child` has that. What comes before all items belongs to the
 * first item.
 */
export type Item = readonly [...Place, child: string, ...summary: ReadonlyArray<EntityRow[string]>]

/**
 * About how many characters a node's items have at most. Above 2,000 bytes PostgreSQL compresses a
 * row's long values or moves them out, which makes writing it six times as expensive. Below, a row
 * costs nearly the same whatever its size.
 */
const maxSize = 1600

/**
 * A node of fewer items is not cut, and fewer items of a level stay in the root. With the longest
 * ids there are, all of one instant, a node comes to some 8,000 bytes, and the root to 3,000 for
 * each level.
 */
const minItems = { node: 8, root: 4 }

/** The part of the root's items of one level that goes into nodes when it has too many. */
const packedPart = 0.75

/**
 * A user's events in their own order, in a B-tree whose nodes are rows and whose items carry
 * summaries.
 *
 *     root    2.7   1.8   1.9   e  e  e          nodes, then the last events
 *              │     │     └ leaf: e e e e e
 *              │     └ leaf: e e e e e e
 *              └ node: 1.1   1.2   1.5
 *                       │     │     └ leaf: e e e e e
 *                       │     └ leaf: e e e e
 *                       └ leaf: e e e e e e
 *
 * - A leaf (level 1) has events that follow each other. A node above has nodes that are all one
 *   level lower. A node's name is its level and a number.
 * - Each item in a node above carries the summary of all events below it.
 * - The root keeps the last events itself. First come its nodes, those of higher levels before
 *   those of lower ones, then its events.
 *
 * So an event in time changes the root alone. A late one changes the nodes on the way to its place:
 * a few even among millions of events. How events are spread over nodes depends on the order in
 * which they arrived; summaries do not.
 *
 * One object inserts one batch of events. It collects the nodes that change, and the nodes that it
 * needs and does not have.
 */
export class SummaryTree {
  /** The nodes that the inserted events changed. */
  readonly changed: Array<{ readonly node: string; readonly items: ReadonlyArray<Item> }> = []
  /** The nodes that have to be loaded first. While there are any, nothing here is of use. */
  readonly missing: Array<string> = []
  /** How many nodes were ever made. */
  nodeCount: number
  private readonly names: ReadonlyArray<string>
  private readonly combine: AnyOrdered["combine"]
  private readonly load: (node: string) => ReadonlyArray<Item> | undefined
  private readonly itemSize: number

  constructor(
    { columns, combine }: Pick<AnyOrdered, "columns" | "combine">,
    stored: { readonly nodeCount: number; readonly load: (node: string) => ReadonlyArray<Item> | undefined }
  ) {
    this.names = Object.keys(columns)
    this.combine = combine
    this.nodeCount = stored.nodeCount
    this.load = stored.load
    this.itemSize = 20 + 4 * this.names.length
  }

  /** The item of one event. */
  item(place: Place, summary: EntityRow): Item {
    return [...place, "", ...this.valuesOf(summary)]
  }

  /** What takes the place of some items once events, in order, are inserted among or below them. */
  insert(items: ReadonlyArray<Item>, events: ReadonlyArray<Item>): ReadonlyArray<Item> {
    if (items.length === 0) return events
    let end = 0
    return items.flatMap((item, at) => {
      const start = end
      while (end < events.length && !isReached(items[at + 1], events[end])) end++
      if (start === end) return [item]
      const own = events.slice(start, end)
      return levelOf(item) === 0 ? [item, ...own].sort(inOrder) : this.insertBelow(item, own)
    })
  }

  /** What the root has once it is small enough: its oldest items of a level go into nodes above. */
  pack(root: ReadonlyArray<Item>): ReadonlyArray<Item> {
    let items = root
    while (this.isTooLarge(items)) {
      const run = lowestRun(items)
      if (run === undefined) break
      const { end, level, start } = run
      items = [...items.slice(0, start), ...this.saveAll(items.slice(start, end), level + 1), ...items.slice(end)]
    }
    return items
  }

  /** The summary of items that follow each other, of which there is one at least. */
  summaryOf(items: ReadonlyArray<Item>): EntityRow {
    return items.map((item) => this.summaryIn(item)).reduce((earlier, later) => this.combine(earlier, later))
  }

  private insertBelow(item: Item, events: ReadonlyArray<Item>): ReadonlyArray<Item> {
    const [, , node] = item
    const below = this.load(node)
    if (below !== undefined) return this.saveAll(this.insert(below, events), levelOf(item), item)
    this.missing.push(node)
    return [item]
  }

  /**
   * Puts items into as many nodes of a level as it takes. `first` is the node that they were in so
   * far, if any, and its place.
   */
  private saveAll(items: ReadonlyArray<Item>, level: number, first?: Item): ReadonlyArray<Item> {
    return this.cut(items).map((piece, index, pieces) =>
      index === 0 && first !== undefined
        ? this.save(first[2], piece, [first[0], first[1]])
        : this.save(`${level}.${++this.nodeCount}`, piece, placeBetween(pieces[index - 1], piece))
    )
  }

  private save(node: string, items: ReadonlyArray<Item>, [time, id]: Place): Item {
    this.changed.push({ node, items })
    return [time, id, node, ...this.valuesOf(this.summaryOf(items))]
  }

  private isTooLarge(items: ReadonlyArray<Item>): boolean {
    return items.reduce((size, [, id]) => size + this.itemSize + id.length, 0) > maxSize
  }

  /** Pieces that are not too large for a node, of about the same size. */
  private cut(items: ReadonlyArray<Item>): ReadonlyArray<ReadonlyArray<Item>> {
    if (items.length < minItems.node || !this.isTooLarge(items)) return [items]
    const half = items.length >> 1
    return [...this.cut(items.slice(0, half)), ...this.cut(items.slice(half))]
  }

  private summaryIn(item: Item): EntityRow {
    const summary: EntityRow = {}
    let at = 3
    for (const name of this.names) summary[name] = item[at++] ?? null
    return summary
  }

  private valuesOf(summary: EntityRow): ReadonlyArray<EntityRow[string]> {
    return this.names.map((name) => summary[name] ?? null)
  }
}

/** By time, then by id. */
export const inOrder = ([time, id]: Item, [otherTime, otherId]: Item): number => time - otherTime || compareUtf8(id, otherId)

/** 0 of an event, 1 of a leaf: the name of a node begins with its level. */
const levelOf = ([, , child]: Item): number => child === "" ? 0 : Number.parseInt(child)

const isReached = (next: Item | undefined, event: Item | undefined): boolean =>
  next !== undefined && event !== undefined && inOrder(next, event) <= 0

/**
 * From where on things belong to the later of two pieces. It leaves out the id, which is long, if
 * the time alone tells the pieces apart.
 */
const placeBetween = (before: ReadonlyArray<Item> | undefined, piece: ReadonlyArray<Item>): Place => {
  const last = before?.at(-1)
  const [time, id] = known(piece[0], "item of a piece that was cut")
  return last !== undefined && levelOf(last) === 0 && last[0] < time ? [time, ""] : [time, id]
}

/**
 * Which of the root's items go into nodes of the next level: those of the lowest level that has
 * enough of them. The last ones stay, for events in time belong there.
 */
const lowestRun = (items: ReadonlyArray<Item>): { readonly level: number; readonly start: number; readonly end: number } | undefined => {
  const levels = items.map(levelOf)
  for (const level of new Set(levels.toReversed())) {
    const [start, count] = [levels.indexOf(level), levels.filter((other) => other === level).length]
    if (count >= minItems.root) return { level, start, end: start + Math.ceil(count * packedPart) }
  }
  return undefined
}
