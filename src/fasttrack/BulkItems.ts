import * as Result from "effect/Result"
import { type BodyBounds, type BodyScan, noted } from "./BodyScan.ts"
import { parseJson } from "./parseJson.ts"

/** An item that is too deep, too wide or too long to be parsed. */
export class UnparsedItem {
  /** What is wrong with it. */
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/** The most bytes and items that are parsed at once, unless a single item is longer. */
const pieceBytes = 64 * 1024
const pieceItems = 500

const refusals = noted.tooDeep | noted.tooWide | noted.tooLong

// A byte order mark within the text is not JSON, so it is not ignored.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * The items of a bulk body, not decoded yet.
 *
 * They are parsed piece by piece on demand, so that no step takes long. Parsed values do not wait
 * for the commit. The bytes of the body do, and the garbage collector does not copy them.
 */
export class BulkItems {
  readonly count: number
  /** How many JSON values the whole body has. */
  readonly values: number
  /** The body. */
  readonly bytes: Uint8Array
  private readonly scan: BodyScan
  private readonly bounds: BodyBounds

  /** The scan is one that has ended with `items`. */
  constructor(scan: BodyScan, bounds: BodyBounds) {
    this.count = scan.ends.length
    this.values = scan.values
    this.bytes = scan.bytes
    this.scan = scan
    this.bounds = bounds
  }

  /**
   * Parses a few items from `index` on, each to a value or an `UnparsedItem`.
   *
   * Fails if the body is not JSON in UTF-8 there.
   */
  piece(index: number): Result.Result<ReadonlyArray<unknown>, "malformed"> {
    const note = this.noteOf(index)
    if ((note & refusals) !== 0) return Result.succeed([new UnparsedItem(this.refusal(note))])
    const start = this.startOf(index)
    let next = index + 1
    while (
      next < this.count && this.noteOf(next) === note && next - index < pieceItems && this.endOf(next) - start <= pieceBytes
    ) next++
    try {
      const text = `[${utf8.decode(this.bytes.subarray(start, this.endOf(next - 1)))}]`
      const items: unknown = (note & noted.longNumber) === 0 ? JSON.parse(text) : parseJson(text)
      // A single item of white space only would vanish.
      return Array.isArray(items) && items.length === next - index ? Result.succeed(items) : Result.fail("malformed")
    } catch {
      return Result.fail("malformed")
    }
  }

  /** The bytes of an item as they came, with the white space around it. */
  bytesOf(index: number): Uint8Array {
    return this.bytes.subarray(this.startOf(index), this.endOf(index))
  }

  private noteOf(index: number): number {
    return this.scan.notes[index] ?? 0
  }

  private startOf(index: number): number {
    return index === 0 ? this.scan.listStart : this.scan.ends[index - 1] ?? this.bytes.length
  }

  /** Without the comma or bracket after it. */
  private endOf(index: number): number {
    return (this.scan.ends[index] ?? this.bytes.length + 1) - 1
  }

  private refusal(note: number): string {
    const { bytes, depth, values } = this.bounds.item
    if ((note & noted.tooDeep) !== 0) return `must not be nested deeper than ${depth} levels`
    if ((note & noted.tooWide) !== 0) return `must have at most ${values} JSON values`
    return `must have at most ${bytes} bytes in the body`
  }
}
