/** The bytes of JSON's structure. */
export const token = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  openingBracket: 0x5b,
  backslash: 0x5c,
  closingBracket: 0x5d,
  openingBrace: 0x7b,
  closingBrace: 0x7d
} as const

/** Whether JSON takes a byte for white space. */
export const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** The length of the byte order mark with which a text begins, 0 without one. */
export const byteOrderMark = (bytes: Uint8Array): number => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0

/** The bytes of a text in UTF-8. */
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
