import { createHmac } from "node:crypto"
import { type FeedPart, type FeedPlace, nothingTold } from "../../counters/changes/FeedPlace.ts"
import type { LogOffset } from "../../counters/changes/LogOffset.ts"
import { type Lineage, lineageLength, noHistory } from "../../event-log/Lineage.ts"
import { sliceCount } from "../../event-log/sliceOf.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { Position } from "../../values/Position.ts"
import { Slice } from "../../values/Slice.ts"

const signatureLength = 10

/**
 * What the cursor of a place with several parts begins with: a zero in two bytes, as no number is
 * written.
 */
const ofParts = Buffer.from([0x80, 0x00])

/** The most tags of all parts together, of which each has two at least. */
const maxTags = 64

/**
 * The cursor of a place in the feed of changes: 750 to 1,450 characters, and those of the user id
 * of a walk.
 *
 * Its bytes are a position of every slice, the history, its tags, the erasure and the generation
 * plus one. A walk over users that is under way adds up to which generation and after which user.
 * Numbers have 7 bits a byte, the lowest first, and the highest bit set in all bytes but the last.
 * It is signed with the tenant's secret: it cannot be made up, and no other tenant can use it.
 *
 * A place with several parts has two bytes of its own before the positions, and after them the
 * number of parts. Each part is its first slice and what is said above. The walk is the generation
 * plus one, the number of bytes of the user's id, and the id; or 0 without a walk. A part adds some
 * 60 to 110 characters, and its walk's user id.
 */
export const encodeChangesCursor = (tenant: Tenant, place: FeedPlace): string => {
  const writer = new Writer()
  const { further } = place
  if (further !== undefined) writer.bytes.push(...ofParts)
  for (const position of place.positions) writer.number(position)
  if (further === undefined) {
    writer.told(place, lineageLength)
    if (place.walk !== undefined) {
      writer.number(place.walk.upTo)
      writer.bytes.push(...Buffer.from(place.walk.after, "utf8"))
    }
  } else {
    const parts = [{ ...place, first: 0 }, ...further]
    writer.number(parts.length)
    for (const part of parts) {
      writer.number(part.first)
      writer.told(part, Math.max(2, Math.floor(maxTags / parts.length)))
      writer.number(part.walk === undefined ? 0 : part.walk.upTo + 1)
      if (part.walk === undefined) continue
      const after = Buffer.from(part.walk.after, "utf8")
      writer.number(after.length)
      writer.bytes.push(...after)
    }
  }
  return signed(tenant, Buffer.from(writer.bytes))
}

/**
 * The place in a cursor that {@link encodeChangesCursor} made for this tenant; undefined for any
 * other text.
 */
export const decodeChangesCursor = (tenant: Tenant, cursor: string): FeedPlace | undefined => {
  const bytes = Buffer.from(cursor, "base64url").subarray(0, -signatureLength)
  if (signed(tenant, bytes) !== cursor) return undefined
  const hasParts = bytes.subarray(0, ofParts.length).equals(ofParts)
  const reader = new Reader(hasParts ? bytes.subarray(ofParts.length) : bytes)
  const positions = Array.from({ length: sliceCount }, () => Position(reader.number()))
  if (positions.some(Number.isNaN)) return undefined
  if (hasParts) return placeOfParts(reader, positions)
  // An earlier release wrote no more. What has changed without events since is not known: every
  // user is told once.
  if (reader.isDone) return { positions, lineage: noHistory, erasure: 0, generation: nothingTold }
  const told = reader.told()
  if (told === undefined || reader.isDone) return told === undefined ? undefined : { positions, ...told }
  const upTo = reader.number()
  return Number.isNaN(upTo) ? undefined : { positions, ...told, walk: { upTo, after: reader.text() } }
}

/** What follows the positions of a place with several parts. */
const placeOfParts = (reader: Reader, positions: LogOffset): FeedPlace | undefined => {
  const count = reader.number()
  if (!(count <= sliceCount)) return undefined
  const parts: Array<FeedPart> = []
  for (let nth = 0; nth < count; nth++) {
    const first = reader.number()
    const told = reader.told()
    const walk = reader.number()
    if (!(first < sliceCount) || told === undefined || Number.isNaN(walk)) return undefined
    parts.push({ first: Slice(first), ...told, ...walk === 0 ? {} : { walk: { upTo: walk - 1, after: reader.text(reader.number()) } } })
  }
  const [base, ...further] = parts
  if (base === undefined || !reader.isDone) return undefined
  const { first: _, ...told } = base
  return { positions, ...told, further }
}

/** What a place says of one database, without a walk. */
type Told = Pick<FeedPlace, "lineage" | "erasure" | "generation">

class Writer {
  readonly bytes: Array<number> = []

  number(number: number): void {
    let left = number
    for (; left > 127; left = Math.floor(left / 128)) this.bytes.push(left % 128 + 128)
    this.bytes.push(left)
  }

  told({ erasure, generation, lineage }: Told, mostTags: number): void {
    const kept = lineage.tags.slice(0, mostTags)
    this.number(lineage.history)
    this.number(kept.length)
    const tags = Buffer.alloc(8 * kept.length)
    kept.forEach((tag, index) => tags.writeBigInt64BE(tag, 8 * index))
    this.bytes.push(...tags)
    this.number(erasure)
    this.number(generation + 1)
  }
}

class Reader {
  private readonly bytes: Buffer
  private at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get isDone(): boolean {
    return this.at === this.bytes.length
  }

  /** The next number; NaN if there is none. */
  number(): number {
    let number = 0
    for (let weight = 1; this.at < this.bytes.length; weight *= 128) {
      const byte = this.bytes.readUInt8(this.at++)
      number += (byte % 128) * weight
      if (byte < 128) return number
    }
    return Number.NaN
  }

  told(): Told | undefined {
    const history = this.number()
    const count = this.number()
    if (!(count <= lineageLength) || this.at + 8 * count > this.bytes.length) return undefined
    const lineage: Lineage = { history, tags: Array.from({ length: count }, (_, index) => this.bytes.readBigInt64BE(this.at + 8 * index)) }
    this.at += 8 * count
    const erasure = this.number()
    const generation = this.number() - 1
    return Number.isNaN(generation) ? undefined : { lineage, erasure, generation }
  }

  /** The text of the next bytes; of all that are left without a number. */
  text(length = this.bytes.length - this.at): string {
    const from = this.at
    this.at = Math.min(from + length, this.bytes.length)
    return this.bytes.toString("utf8", from, this.at)
  }
}

const signed = (tenant: Tenant, body: Buffer): string =>
  Buffer.concat([
    body,
    createHmac("sha256", tenant.keyNamespace).update("changes\0").update(body).digest().subarray(0, signatureLength)
  ]).toString("base64url")
