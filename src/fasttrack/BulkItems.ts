import { itemText } from "./itemText.ts"

/**
 * The items of a bulk body, not decoded yet. Each is handed out once and let go of: a request waits for its commit, and the parsed items that it would hold
 * meanwhile are copied by the garbage collector again and again, while the body's text is not (docs/performance.md).
 */
export class BulkItems {
  readonly count: number
  private readonly items: Array<unknown>
  private readonly parseAgain: () => ReadonlyArray<unknown>

  /** `items` are emptied; `parseAgain` gives the same once more. */
  constructor(items: Array<unknown>, parseAgain: () => ReadonlyArray<unknown>) {
    this.count = items.length
    this.items = items
    this.parseAgain = parseAgain
  }

  /** The item at `index`, parsed; undefined ever after. */
  take(index: number): unknown {
    const item = this.items[index]
    this.items[index] = undefined
    return item
  }

  /** The JSON texts of the items at `indexes`, as `itemText` gives them, taken or not. Parses the body again. */
  texts(indexes: ReadonlyArray<number>): ReadonlyArray<string> {
    const items = this.parseAgain()
    return indexes.map((index) => itemText(items[index]))
  }
}
