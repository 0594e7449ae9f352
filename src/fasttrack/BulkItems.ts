import * as Result from "effect/Result"
import { type BodyBounds, type BodyScan, noted } from "./BodyScan.ts"
import { parseJson } from "./parseJson.ts"

/** An item that has too much in it to be parsed. */
export class UnparsedItem {
  /** What is wrong with it. */
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/** Bytes and items parsed in one go, unless a single item is longer. */
const pieceBytes = 64 * 1024
const pieceItems = 500

const refusals = noted.tooDeep | noted.tooWide | noted.tooLong

// A mark within the text is no mark: JSON does not take it.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * The items of a bulk body, not decoded yet. They are parsed piece by piece as they are asked for,
 * so that no step takes long, and nothing that was parsed has to wait for the commit: what waits is
 * the body in its bytes, which the garbage collector does not copy.
 */
export class BulkItems {
  readonly count: number
  /** JSON values in the whole body. */
  readonly values: number
  /** The body. */
  readonly bytes: Uint8Array
  private readonly scan: BodyScan
  private readonly bounds: BodyBounds

  /** `scan` has ended with items. */
  constructor(scan: BodyScan, bounds: BodyBounds) {
    this.count = scan.ends.length
    this.values = scan.values
    this.bytes = scan.bytes
    this.scan = scan
    this.bounds = bounds
  }

  /**
   * Parses some of the items, the first of them at `index`: values, or `UnparsedItem`. Fails if the
   * body is not JSON in UTF-8 there.
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
      // An item of nothing but white space would vanish when it is alone.
      return Array.isArray(items) && items.length === next - index ? Result.succeed(items) : Result.fail("malformed")
    } catch {
      return Result.fail("malformed")
    }
  }

  /** The bytes of an item, as they came, with the white space around it. */
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
