const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const bracket = 0x5b
const brace = 0x7b

/**
 * How many values a JSON text in UTF-8 has, found without parsing it: one too many for every list
 * and object without members, none too few. Of bytes that are no JSON it is what it is. Two bytes
 * of text can become a hundred of memory, so this is looked at before a body is parsed.
 */
export const countValues = (bytes: Uint8Array): number => {
  let count = 1
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === comma || byte === bracket || byte === brace) count++
    else if (byte === quote) {
      for (at++; at < bytes.length && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++
    }
  }
  return count
}
