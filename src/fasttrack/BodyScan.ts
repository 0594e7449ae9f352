import { isJsonObject } from "./canonicalJson.ts"
import { byteOrderMark, bytesOf, isSpace, token } from "./jsonBytes.ts"

/** What a body may have. */
export interface BodyBounds {
  readonly items: number
  /** JSON values at any depth, of all items together. */
  readonly values: number
  readonly item: ItemBounds
}

/** What an item may have in the body. One beyond is refused without being parsed. */
export interface ItemBounds {
  /** Levels of JSON; the item itself is the first. */
  readonly depth: number
  /** JSON values at any depth, the item included. */
  readonly values: number
  readonly bytes: number
}

/** What the scan notes of an item, as bits. */
export const noted = {
  /** There may be a number of which a double would lose digits. */
  longNumber: 1,
  tooDeep: 2,
  tooWide: 4,
  tooLong: 8
} as const

/**
 * How a scan ends. After `items`, each item is still to be parsed: what the scan takes for one need
 * not be JSON. After `unreadable`, the text is no JSON, or JSON without a list of items, or has
 * more beside that list than an item may have.
 */
export type ScanEnd = "items" | "unreadable" | "too-many-items" | "too-many-values"

// What a byte outside strings is to the scan; any other is 0.
const isQuote = 1
const beginsNumber = 2
const separates = 3
const opens = 4
const closes = 5
const roles = new Uint8Array(256)
for (const byte of bytesOf("\"")) roles[byte] = isQuote
for (const byte of bytesOf("-0123456789")) roles[byte] = beginsNumber
for (const byte of bytesOf(",")) roles[byte] = separates
for (const byte of bytesOf("[{")) roles[byte] = opens
for (const byte of bytesOf("]}")) roles[byte] = closes

const isExponent = 2
const inNumber = new Uint8Array(256)
for (const byte of bytesOf("-+.0123456789")) inNumber[byte] = 1
for (const byte of bytesOf("eE")) inNumber[byte] = isExponent

/** A shorter number without an exponent has at most 15 digits, and a double keeps them. */
const longFrom = 16

/** Bytes scanned in one step. */
const stride = 1024 * 1024

const { backslash, quote } = token
const utf8 = new TextDecoder("utf-8", { fatal: true })

/**
 * Finds the items of a bulk body, `{"items": [...]}` or `[...]`, in its bytes.
 *
 * It finds where each item ends, and which items are too deep, too wide or too long to be parsed.
 * It comes before the parser, because two bytes of text can become a hundred bytes of memory, and
 * deep nesting is slow. The scan is linear, and other requests get turns between its steps.
 */
export class BodyScan {
  /** How it ended; undefined until then. */
  end: ScanEnd | undefined
  /**
   * The JSON values of the whole text; keys are none. An empty list or object with white space in
   * it counts twice.
   */
  values = 1
  /** The offset of the first item: after the bracket that opens the list. */
  listStart = 0
  /**
   * For each item, the offset after the comma or bracket that follows it: there the next begins.
   */
  readonly ends: Array<number> = []
  /** For each item, what was `noted` of it. */
  readonly notes: Array<number> = []
  readonly bytes: Uint8Array
  private readonly bounds: BodyBounds
  private at: number
  private depth = 0
  private isInText = false
  /** Whether the outermost value has ended. */
  private isClosed = false
  /**
   * The depth inside the list of items: 1 of a bare array, 2 of a member of an object; -1 outside
   * the list.
   */
  private listDepth = -1
  private listEnd = 0
  /** `values` where the list began; once it has ended, the values in it. */
  private listValues = 0
  /** Deeper than this is too deep. */
  private deepest: number
  private isTooDeepOutside = false
  private itemNotes = 0
  /** `values` where the item began. */
  private itemValues = 0
  /**
   * Where the last string directly in the outermost object stands: the key, when a value follows.
   */
  private keyStart = 0
  private keyEnd = 0

  constructor(bytes: Uint8Array, bounds: BodyBounds) {
    this.bytes = bytes
    this.bounds = bounds
    this.deepest = bounds.item.depth
    this.at = byteOrderMark(bytes)
  }

  /** Scans some more; true once `end` is known. */
  advance(): boolean {
    const { bytes } = this
    const limit = Math.min(this.at + stride, bytes.length)
    if (this.depth === 0 && !this.skipSpace(limit)) return this.end !== undefined
    // In variables of their own: this loop sees every byte that comes in.
    let { at, depth, values } = this
    if (this.isInText) {
      at = this.skipText(at, limit)
      if (depth === 1) this.keyEnd = at
    }
    while (at < limit) {
      const role = roles[bytes[at] ?? 0]
      if (role === 0) {
        at++
      } else if (role === isQuote) {
        if (depth === 1) this.keyStart = at
        at = this.skipText(at + 1, limit)
        if (depth === 1) this.keyEnd = at
      } else if (role === beginsNumber) {
        const start = at
        let kind: number | undefined = 1
        while (++at < limit && (kind = inNumber[bytes[at] ?? 0]) !== 0) if (kind === isExponent) this.itemNotes |= noted.longNumber
        // One that the step cuts in two may be long, too.
        if (at - start >= longFrom || at >= limit) this.itemNotes |= noted.longNumber
      } else if (role === separates) {
        at++
        if (depth === this.listDepth) {
          this.values = values
          this.endItem(at)
          if (this.end !== undefined) return true
        }
        values++
      } else if (role === opens) {
        at++
        values++
        if (++depth > this.deepest) this.noteTooDeep()
        if (depth <= 2) {
          this.values = values
          this.open(at, depth)
        }
      } else {
        if (roles[bytes[at - 1] ?? 0] === opens) values--
        at++
        if (depth <= 2) {
          this.values = values
          this.close(at, depth)
          if (this.end !== undefined) return true
        }
        if (--depth === 0) break
      }
    }
    this.at = at
    this.depth = depth
    this.values = values
    if (values > this.bounds.values) this.end = "too-many-values"
    else if (depth === 0) this.skipSpace(limit)
    else if (at >= bytes.length) this.end = "unreadable"
    return this.end !== undefined
  }

  /** Outside the outermost value there is white space; true where that value begins. */
  private skipSpace(limit: number): boolean {
    while (this.at < limit && isSpace(this.bytes[this.at])) this.at++
    if (this.at < limit) {
      if (!this.isClosed && roles[this.bytes[this.at] ?? 0] === opens) return true
      this.end = "unreadable"
    } else if (limit === this.bytes.length) {
      this.end = this.isClosed && this.isBatch() ? "items" : "unreadable"
    }
    return false
  }

  /** The offset after the string of which `at` is inside. */
  private skipText(at: number, limit: number): number {
    const { bytes } = this
    let next = at
    while (next < limit && bytes[next] !== quote) next += bytes[next] === backslash ? 2 : 1
    this.isInText = next >= limit
    return this.isInText ? next : next + 1
  }

  /** What opens is the outermost value, or directly in it. */
  private open(after: number, depth: number): void {
    if (this.bytes[after - 1] !== token.openingBracket || (depth === 2 && (this.listDepth === 1 || !this.isItemsKey()))) return
    // Of repeated keys the last counts. The list of the one before is outside the list, then.
    if (this.notes.some((note) => (note & noted.tooDeep) !== 0)) this.isTooDeepOutside = true
    this.ends.length = 0
    this.notes.length = 0
    this.listStart = after
    this.listDepth = depth
    this.deepest = depth + this.bounds.item.depth
    this.itemNotes = 0
    this.itemValues = this.values
    this.listValues = this.values
  }

  private close(after: number, depth: number): void {
    if (depth === this.listDepth) {
      if (this.bytes[after - 1] !== token.closingBracket) this.end = "unreadable"
      let first = this.listStart
      // As much white space as is too long for an item counts as one.
      while (isSpace(this.bytes[first]) && first - this.listStart <= this.bounds.item.bytes) first++
      if (this.ends.length > 0 || first < after - 1) this.endItem(after)
      this.listEnd = after - 1
      this.listDepth = -1
      this.listValues = this.values - this.listValues
      this.deepest = this.bounds.item.depth
    }
    if (depth === 1) this.isClosed = true
  }

  private endItem(after: number): void {
    const { item, items, values } = this.bounds
    if (this.values - this.itemValues >= item.values) this.itemNotes |= noted.tooWide
    if (after - 1 - (this.ends.at(-1) ?? this.listStart) > item.bytes) this.itemNotes |= noted.tooLong
    this.ends.push(after)
    this.notes.push(this.itemNotes)
    this.itemNotes = 0
    this.itemValues = this.values + 1
    if (this.ends.length > items) this.end = "too-many-items"
    else if (this.values > values) this.end = "too-many-values"
  }

  private noteTooDeep(): void {
    if (this.listDepth === -1) this.isTooDeepOutside = true
    else this.itemNotes |= noted.tooDeep
  }

  private isItemsKey(): boolean {
    return parsed(this.bytes.subarray(this.keyStart, this.keyEnd)) === "items"
  }

  /** Whether the text without the items is JSON in which their list is the one that counts. */
  private isBatch(): boolean {
    const { bytes, listEnd, listStart } = this
    const { item } = this.bounds
    if (listStart === 0 || this.isTooDeepOutside || this.values - this.listValues > item.values) return false
    if (bytes.length - listEnd + listStart > item.bytes) return false
    const around = parsed(bytes.subarray(0, listStart), bytes.subarray(listEnd))
    return Array.isArray(isJsonObject(around) ? around["items"] : around)
  }
}

/** The value of a JSON text; undefined if it is none. */
const parsed = (...parts: ReadonlyArray<Uint8Array>): unknown => {
  try {
    return JSON.parse(utf8.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts)))
  } catch {
    return undefined
  }
}
