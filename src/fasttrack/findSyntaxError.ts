import { byteOrderMark, bytesOf, isSpace, token } from "./jsonBytes.ts"

/** Bytes looked at in one step, about. */
const stride = 1024 * 1024

const literals = ["true", "false", "null"].map(bytesOf)
const escapes = new Set(bytesOf("\"\\/bfnrt"))
const lowerU = 0x75

/**
 * The offset of the first byte at which a text in UTF-8 is not JSON.
 *
 * It is the length of the text if the text ends too early, and undefined if the text is JSON. The
 * search is linear, works in steps and takes any depth. It takes several times as long as the
 * parser, so it is for texts that the parser has refused.
 */
export function* findSyntaxError(bytes: Uint8Array): Generator<void, number | undefined> {
  const open: Array<"list" | "object"> = []
  let expected: "value" | "first value" | "key" | "first key" | "colon" | "comma" | "end" = "value"
  let at = byteOrderMark(bytes)
  for (let pause = at + stride;;) {
    while (isSpace(bytes[at]) && at < pause) at++
    if (at >= pause) {
      yield
      pause = at + stride
      continue
    }
    const byte = bytes[at]
    if (byte === undefined) return expected === "end" ? undefined : at
    const kind = open.at(-1)
    const closes = byte === (kind === "list" ? token.closingBracket : token.closingBrace)
    let next = at + 1
    if (closes && (expected === "comma" || (expected === "first value" && kind === "list") || expected === "first key")) {
      open.pop()
      expected = open.length === 0 ? "end" : "comma"
    } else if (expected === "colon" && byte === token.colon) {
      expected = "value"
    } else if (expected === "comma" && byte === token.comma) {
      expected = kind === "list" ? "value" : "key"
    } else if ((expected === "key" || expected === "first key") && byte === token.quote) {
      next = yield* afterString(bytes, at)
      expected = "colon"
    } else if (expected === "value" || expected === "first value") {
      if (byte === token.openingBracket || byte === token.openingBrace) {
        open.push(byte === token.openingBracket ? "list" : "object")
        expected = byte === token.openingBracket ? "first value" : "first key"
      } else {
        next = byte === token.quote ? yield* afterString(bytes, at) : afterScalar(bytes, at)
        expected = open.length === 0 ? "end" : "comma"
      }
    } else {
      return at
    }
    if (next < 0) return ~next
    at = next
  }
}

/**
 * The offset after the string that begins at `at`; where it is none, the complement of the offset.
 */
function* afterString(bytes: Uint8Array, at: number): Generator<void, number> {
  for (let next = at + 1, pause = at + stride;;) {
    if (next >= pause) {
      yield
      pause = next + stride
    }
    const byte = bytes[next]
    if (byte === token.quote) return next + 1
    if (byte === undefined || byte < 0x20) return ~next
    if (byte !== token.backslash) {
      next++
    } else if (bytes[++next] === lowerU) {
      for (let digits = 0; digits < 4; digits++) if (!isHexDigit(bytes[++next])) return ~next
      next++
    } else {
      if (!escapes.has(bytes[next] ?? 0)) return ~next
      next++
    }
  }
}

/** The same for a number, `true`, `false` or `null`. */
const afterScalar = (bytes: Uint8Array, at: number): number => {
  const literal = literals.find(([first]) => first === bytes[at])
  if (literal !== undefined) {
    const wrong = literal.findIndex((byte, index) => bytes[at + index] !== byte)
    return wrong === -1 ? at + literal.length : ~(at + wrong)
  }
  let next = at
  if (bytes[next] === minus) next++
  if (bytes[next] === zero) next++
  else next = afterDigits(bytes, next)
  if (next > 0 && bytes[next] === point) next = afterDigits(bytes, next + 1)
  if (next > 0 && (bytes[next] === 0x65 || bytes[next] === 0x45)) {
    next++
    if (bytes[next] === minus || bytes[next] === plus) next++
    next = afterDigits(bytes, next)
  }
  return next
}

const [minus, plus, point, zero] = [0x2d, 0x2b, 0x2e, 0x30]

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isHexDigit = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)

/** The offset after one or more digits. */
const afterDigits = (bytes: Uint8Array, at: number): number => {
  let next = at
  while (isDigit(bytes[next])) next++
  return next > at ? next : ~next
}
