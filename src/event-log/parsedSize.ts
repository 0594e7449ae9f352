const [quote, backslash, comma, colon, bracket, brace] = [0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x7b]

/**
 * Bytes of memory that parts of a JSON text take once it is parsed, in V8, beside the characters of
 * strings. Measured on Node 24, November 2026: 56 for an empty object, 32 for an empty list and 56
 * for another, with 8 for a place in a list; up to 150 for an object's only field whose name is
 * new.
 */
const cost = { comma: 8, container: 64, field: 48, string: 32 }

/**
 * How much memory a JSON text takes once it is parsed: an estimate, at most a third too low for the
 * shapes that take most. Found without parsing it.
 */
export const parsedSize = (text: string): number => {
  let size = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case comma:
        size += cost.comma
        break
      case colon:
        size += cost.field
        break
      case bracket:
      case brace:
        size += cost.container
        break
      case quote: {
        const start = at
        for (at++; at < text.length && text.charCodeAt(at) !== quote; at++) if (text.charCodeAt(at) === backslash) at++
        size += cost.string + at - start
      }
    }
  }
  return size
}
