import { fnv1a } from "../../event-log/sliceOf.ts"
import { finish, type Steps } from "../../values/steps.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import { characterOf, escapedUnit, highSurrogate, lengthOf, lowSurrogate, nextPoint } from "./jsonUnits.ts"
import { numberText } from "./rejectedText.ts"

/** The most bits of a filter; more than half set, and it is full. */
const maxBits = 65_536
/** Bits set for a name. */
const probes = 4
/** Bits a filter has for each name: one name of 400 is found by mistake. */
const bitsPerName = 16
/**
 * A user id has at most 256 characters, each of at most two UTF-16 units. A longer text is no id.
 */
const maxUnits = 512
/** A longer number is no id that anybody writes as a number. */
const maxDigits = 64
/**
 * An item of more names, repeated ones too, has every name: it is too large to be taken in anyway,
 * and is not worth the time.
 */
const maxNames = 100_000
/**
 * The bytes scanned in one step, which takes a few milliseconds. A name and a number cost as much
 * time as the bytes given for them.
 */
const stride = 256 * 1024
const bytesPerName = 32
const bytesPerNumber = 128

const quote = 0x22
const backslash = 0x5c

/** Told of the two hashes of a name; false ends the scan. */
type OnName = (h1: number, h2: number) => boolean

/**
 * Goes through a JSON text and names all that may be somebody's id: what stands between two quotes,
 * at whatever level of JSON within strings of JSON, and numbers. Backslashes are left out, as there
 * are more of these at each level, so that a name has the same hash at all levels. An id that has
 * the six characters of an escape in it, such as \u0041, is found if each character stands for
 * itself.
 */
function* scanNames(bytes: Uint8Array, tenantId: TenantId, onName: OnName, hasNumbers = true): Steps<void> {
  const [seed1, seed2] = [fnv1a(0x811c9dc5, tenantId), fnv1a(0x2545f491, tenantId)]
  let [h1, h2, units] = [seed1, seed2, 0]
  const add = (read: number) => {
    const unit = read < 0x20 ? lettersOfControls.get(read) ?? read : read
    h1 = Math.imul(h1 ^ unit, 0x01000193)
    h2 = Math.imul(h2 ^ unit, 0x85ebca6b)
    h2 ^= h2 >>> 15
    units++
  }
  let pause = stride
  const end = (): boolean => {
    pause -= bytesPerName
    const goesOn = units === 0 || units > maxUnits || onName(mixed(h1), mixed(h2))
    ;[h1, h2, units] = [seed1, seed2, 0]
    return goesOn
  }
  const endNumber = (start: number, after: number): boolean => {
    const text = numberText(String.fromCharCode(...bytes.subarray(start, after)))
    pause -= bytesPerNumber
    if (text === undefined) return true
    const [saved1, saved2, savedUnits] = [h1, h2, units]
    ;[h1, h2, units] = [seed1, seed2, 0]
    for (let index = 0; index < text.length; index++) add(text.charCodeAt(index))
    const goesOn = end()
    ;[h1, h2, units] = [saved1, saved2, savedUnits]
    return goesOn
  }

  let numberStart = -1
  for (let at = 0; at < bytes.length;) {
    if (at >= pause) {
      yield
      pause = at + stride
    }
    const byte = bytes[at] ?? 0
    if (numberStart !== -1 && !isNumeric(byte)) {
      if (at - numberStart <= maxDigits && isAfterNumber(byte) && !endNumber(numberStart, at)) return
      numberStart = -1
    } else if (hasNumbers && numberStart === -1 && isNumeric(byte) && isBeforeNumber(bytes[at - 1])) {
      numberStart = at
    }
    if (byte === quote) {
      if (!end()) return
      at++
    } else if (byte === backslash) {
      do at++
      while (bytes[at] === backslash && at < pause)
      if (bytes[at] === quote) continue
      const read = escapedUnit(bytes, at)
      const unit = characterOf(read)
      at += lengthOf(read)
      if (unit !== quote) {
        if (unit !== backslash) add(unit)
      } else if (!end()) {
        return
      }
    } else if (byte < 0x80) {
      add(byte)
      at++
    } else {
      const read = nextPoint(bytes, at)
      const character = characterOf(read)
      at += lengthOf(read)
      if (character <= 0xffff) {
        add(character)
      } else {
        add(highSurrogate(character))
        add(lowSurrogate(character))
      }
    }
  }
  if (numberStart !== -1 && bytes.length - numberStart <= maxDigits && !endNumber(numberStart, bytes.length)) return
  end()
}

/**
 * The letters that stand for control characters after a backslash. A backslash and a letter may be
 * either, at one level or another: both are the letter.
 */
const lettersOfControls = new Map([[8, 0x62], [9, 0x74], [10, 0x6e], [12, 0x66], [13, 0x72]])

const isNumeric = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e || byte === 0x2b || byte === 0x45 || byte === 0x65

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
/** Nothing, white space, `:`, `,` or `[`. */
const isBeforeNumber = (byte: number | undefined): boolean =>
  byte === undefined || byte === 0x3a || byte === 0x2c || byte === 0x5b || isSpace(byte)
/** White space, `,`, `]`, `}`, or a quote that ends JSON within a string. */
const isAfterNumber = (byte: number): boolean => byte === 0x2c || byte === 0x5d || byte === 0x7d || byte === quote || isSpace(byte)

const mixed = (hash: number): number => {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const place = (h1: number, h2: number, probe: number): number => (h1 + Math.imul(probe, h2 | 1)) >>> 0

/** What stands for a filter that is full: it has every name. */
const everyName: Uint8Array = Uint8Array.of(0xff)

/**
 * The names in an item that is kept only in part, as a Bloom filter of 1 byte to 8 KiB: a power of
 * two of bits, the lowest bit of a byte first, as `get_bit` counts them. It has every name that the
 * item has, and now and then one that it has not: of 4,000 names or fewer, one of 400. An item of
 * more than some 11,000 different names, or {@link maxNames} in all, has every name. Part of the
 * data format.
 */
export function* cutNames(bytes: Uint8Array, tenantId: TenantId): Steps<Uint8Array> {
  const bits = new Uint8Array(maxBits / 8)
  let set = 0
  let names = 0
  let seen = 0
  yield* scanNames(bytes, tenantId, (h1, h2) => {
    seen++
    const before = set
    for (let probe = 0; probe < probes; probe++) {
      const at = place(h1, h2, probe) & (maxBits - 1)
      const mask = 1 << (at & 7)
      const byte = bits[at >>> 3] ?? 0
      if ((byte & mask) === 0) {
        bits[at >>> 3] = byte | mask
        set++
      }
    }
    if (set > before) names++
    return set <= maxBits / 2 && seen <= maxNames
  })
  if (set > maxBits / 2 || seen > maxNames) return everyName
  let folded = bits
  while (folded.length > 1 && folded.length * 4 >= names * bitsPerName) folded = halved(folded)
  return folded
}

/**
 * Both halves in one: the place of a name in the whole is its place in the half, without the
 * highest bit.
 */
const halved = (bits: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const half = bits.slice(0, bits.length / 2)
  for (let index = 0; index < half.length; index++) half[index] = (half[index] ?? 0) | (bits[index + half.length] ?? 0)
  return half
}

/**
 * The bits, before they are taken modulo a filter's size, that are all set in a filter that has the
 * user id.
 */
export const placesOf = (userId: UserId, tenantId: TenantId): ReadonlyArray<number> => {
  const places: Array<number> = []
  const bytes = new TextEncoder().encode(JSON.stringify(userId))
  // A number within the id is no name of its own.
  finish(scanNames(
    bytes,
    tenantId,
    (h1, h2) => {
      for (let probe = 0; probe < probes; probe++) places.push(place(h1, h2, probe))
      return true
    },
    false
  ))
  return places
}
