/*
 * Characters of JSON texts in UTF-8, without making an object of each: a number has the character
 * in its lower bits and how many bytes it has in those above.
 */

/**
 * What an escape stands for, by the letter after the backslash; of others it is the letter itself.
 */
const letters = Uint8Array.from({ length: 256 }, (_, letter) => letter)
for (const [letter, unit] of [["b", 8], ["t", 9], ["n", 10], ["f", 12], ["r", 13]] as const) letters[letter.charCodeAt(0)] = unit

const u = 0x75
const replacement = 0xfffd

/** The UTF-16 unit of {@link escapedUnit}, or the code point of {@link nextPoint}. */
export const characterOf = (read: number): number => read & 0x1fffff
/** How many bytes it has. */
export const lengthOf = (read: number): number => read >>> 21

const read = (character: number, length: number): number => length << 21 | character

const hexDigit = (byte: number | undefined): number => {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/**
 * The UTF-16 unit of an escape, of which `at` is the place after the backslash; its length is
 * counted from there.
 */
export const escapedUnit = (bytes: Uint8Array, at: number): number => {
  const byte = bytes[at]
  if (byte === undefined) return read(replacement, 0)
  if (byte !== u) return read(letters[byte] ?? byte, 1)
  let unit = 0
  for (let digit = 1; digit <= 4; digit++) {
    const value = hexDigit(bytes[at + digit])
    if (value === -1) return read(u, 1)
    unit = unit << 4 | value
  }
  return read(unit, 5)
}

/** The character in UTF-8 at `at`. What is no UTF-8 is U+FFFD. */
export const nextPoint = (bytes: Uint8Array, at: number): number => {
  const first = bytes[at] ?? 0
  if (first < 0x80) return read(first, 1)
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  let point = first & (0xff >> (length + 1))
  for (let index = 1; index < length; index++) {
    const byte = bytes[at + index]
    if (byte === undefined || (byte & 0xc0) !== 0x80) return read(replacement, index)
    point = point << 6 | byte & 0x3f
  }
  return read(point, length)
}

/** The surrogates of a character outside the Basic Multilingual Plane. */
export const highSurrogate = (point: number): number => 0xd7c0 + (point >> 10)
export const lowSurrogate = (point: number): number => 0xdc00 | point & 0x3ff
