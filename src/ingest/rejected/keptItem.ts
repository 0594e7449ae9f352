import { createHash } from "node:crypto"
import type { Steps } from "../../values/steps.ts"
import type { TenantId } from "../../values/TenantId.ts"
import { cutNames } from "./cutNames.ts"
import { characterOf, escapedUnit, highSurrogate, lengthOf, lowSurrogate, nextPoint } from "./jsonUnits.ts"

/**
 * The most that is kept of one item, in characters of its JSON text with everything but plain ASCII
 * escaped.
 */
export const maxItemCharacters = 16 * 1024

/** What is kept of an item. */
export interface KeptItem {
  /**
   * Its JSON text, compact, each string as `JSON.stringify` writes it and with everything but
   * printable ASCII escaped; the beginning of it if it is too long.
   */
  readonly text: string
  /** SHA-256, in hex, of the whole of it: one item is kept once. */
  readonly hash: string
  /** The names in all of an item that is cut, see `cutNames`; null if `text` is whole. */
  readonly cutNames: Uint8Array | null
}

/** Bytes looked at in one step: a few milliseconds. */
const stride = 256 * 1024

const quote = 0x22
const backslash = 0x5c

/**
 * What is kept of an item, given the bytes of its JSON text in a body. It takes time and memory for
 * what is kept, and of what is cut off only time, in steps. Bytes that are no JSON are kept all the
 * same.
 */
export function* keptItem(bytes: Uint8Array, tenantId: TenantId): Steps<KeptItem> {
  const head = Buffer.allocUnsafe(maxItemCharacters + longestCharacter)
  let length = 0
  let isInString = false
  let isWhole = true
  let pause = stride
  for (let at = 0; at < bytes.length && isWhole;) {
    if (at >= pause) {
      yield
      pause = at + stride
    }
    const byte = bytes[at] ?? 0
    if (byte >= 0x20 && byte < 0x7f && byte !== backslash) {
      at++
      if (byte === quote) isInString = !isInString
      else if (byte === 0x20 && !isInString) continue
      if (length === maxItemCharacters) isWhole = false
      else head[length++] = byte
    } else if (!isInString && (byte === 0x0a || byte === 0x0d || byte === 0x09)) {
      at++
    } else {
      const isEscape = isInString && byte === backslash
      const read = isEscape ? escapedUnit(bytes, at + 1) : nextPoint(bytes, at)
      at += lengthOf(read) + (isEscape ? 1 : 0)
      const character = characterOf(read)
      const spelled = character <= 0xffff
        ? spell(head, length, character)
        : spell(head, spell(head, length, highSurrogate(character)), lowSurrogate(character))
      if (spelled > maxItemCharacters) isWhole = false
      else length = spelled
    }
  }
  const text = head.toString("latin1", 0, length)
  const hash = createHash("sha256")
  if (isWhole) return { text, hash: hash.update(text).digest("hex"), cutNames: null }
  for (let at = 0; at < bytes.length; at += stride) {
    hash.update(bytes.subarray(at, at + stride))
    yield
  }
  return { text, hash: hash.digest("hex"), cutNames: yield* cutNames(bytes, tenantId) }
}

/** A character outside the Basic Multilingual Plane, as two escapes. */
const longestCharacter = 12

const short = new Map([[8, 0x62], [9, 0x74], [10, 0x6e], [12, 0x66], [13, 0x72], [quote, quote], [backslash, backslash]])
const hex = Buffer.from("0123456789abcdef")

/**
 * Writes a UTF-16 unit as it stands in a string, as `JSON.stringify` writes it and escaped if it is
 * no printable ASCII. Gives the place after it.
 */
const spell = (into: Buffer, at: number, unit: number): number => {
  if (unit >= 0x20 && unit < 0x7f && unit !== quote && unit !== backslash) {
    into[at] = unit
    return at + 1
  }
  into[at] = backslash
  const letter = short.get(unit)
  if (letter !== undefined) {
    into[at + 1] = letter
    return at + 2
  }
  into[at + 1] = 0x75
  into[at + 2] = hex[unit >>> 12] ?? 0
  into[at + 3] = hex[unit >>> 8 & 0xf] ?? 0
  into[at + 4] = hex[unit >>> 4 & 0xf] ?? 0
  into[at + 5] = hex[unit & 0xf] ?? 0
  return at + 6
}
