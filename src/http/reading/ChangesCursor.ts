import { createHmac } from "node:crypto"
import { type FeedPlace, nothingTold } from "../../counters/changes/FeedPlace.ts"
import { type Lineage, lineageLength, noHistory } from "../../event-log/Lineage.ts"
import { sliceCount } from "../../event-log/sliceOf.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { Position } from "../../values/Position.ts"

const signatureLength = 10

/**
 * The cursor of a place in the feed of changes: 750 to 1,450 characters, and those of the user id
 * of a walk.
 *
 * Its bytes are a position of every slice, the history, its tags, the erasure and the generation
 * plus one. A walk over users that is under way adds up to which generation and after which user.
 * Numbers have 7 bits a byte, the lowest first, and the highest bit set in all bytes but the last.
 * It is signed with the tenant's secret: it cannot be made up, and no other tenant can use it.
 */
export const encodeChangesCursor = (tenant: Tenant, place: FeedPlace): string => {
  const { erasure, generation, lineage, positions, walk } = place
  const bytes: Array<number> = []
  const write = (number: number) => {
    let left = number
    for (; left > 127; left = Math.floor(left / 128)) bytes.push(left % 128 + 128)
    bytes.push(left)
  }
  for (const position of positions) write(position)
  write(lineage.history)
  write(lineage.tags.length)
  const tags = Buffer.alloc(8 * lineage.tags.length)
  lineage.tags.forEach((tag, index) => tags.writeBigInt64BE(tag, 8 * index))
  bytes.push(...tags)
  write(erasure)
  write(generation + 1)
  if (walk !== undefined) write(walk.upTo)
  return signed(tenant, Buffer.concat([Buffer.from(bytes), Buffer.from(walk?.after ?? "", "utf8")]))
}

/**
 * The place in a cursor that {@link encodeChangesCursor} made for this tenant; undefined for any
 * other text.
 */
export const decodeChangesCursor = (tenant: Tenant, cursor: string): FeedPlace | undefined => {
  const bytes = Buffer.from(cursor, "base64url").subarray(0, -signatureLength)
  if (signed(tenant, bytes) !== cursor) return undefined
  let at = 0
  const read = (): number => {
    let number = 0
    for (let weight = 1; at < bytes.length; weight *= 128) {
      const byte = bytes.readUInt8(at++)
      number += (byte % 128) * weight
      if (byte < 128) return number
    }
    return Number.NaN
  }
  const positions = Array.from({ length: sliceCount }, () => Position(read()))
  if (positions.some(Number.isNaN)) return undefined
  // An earlier release wrote no more. What has changed without events since is not known: every
  // user is told once.
  if (at === bytes.length) return { positions, lineage: noHistory, erasure: 0, generation: nothingTold }
  const history = read()
  const count = read()
  if (!(count <= lineageLength) || at + 8 * count > bytes.length) return undefined
  const lineage: Lineage = { history, tags: Array.from({ length: count }, (_, index) => bytes.readBigInt64BE(at + 8 * index)) }
  at += 8 * count
  const erasure = read()
  const generation = read() - 1
  if (at === bytes.length) return Number.isNaN(generation) ? undefined : { positions, lineage, erasure, generation }
  const upTo = read()
  return Number.isNaN(upTo)
    ? undefined
    : { positions, lineage, erasure, generation, walk: { upTo, after: bytes.toString("utf8", at) } }
}

const signed = (tenant: Tenant, body: Buffer): string =>
  Buffer.concat([
    body,
    createHmac("sha256", tenant.keyNamespace).update("changes\0").update(body).digest().subarray(0, signatureLength)
  ]).toString("base64url")
