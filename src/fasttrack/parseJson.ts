import { known } from "../values/known.ts"
import { survivesDouble, toJsonNumber } from "./JsonNumber.ts"
import { parseDeepJson } from "./parseDeepJson.ts"

// Matches a number with 16 digits or an exponent, as up to 15 digits always survive a double. A
// match inside a string costs time only. The match includes the character before the number,
// because a look-behind takes three times as long, which is longer than parsing.
const longNumber = /[:,[\s](-?(?:(?:\d\.?){16}|\d+(?:\.\d+)?[eE])[\d.eE+-]*)/g
const onlyNumber = /^-?\d/

const losesDigits = (text: string): boolean => {
  // A text that is one number has no character before the number.
  if (onlyNumber.test(text)) return true
  longNumber.lastIndex = 0
  for (let match = longNumber.exec(text); match !== null; match = longNumber.exec(text)) {
    if (!survivesDouble(known(match[1], "number of the match"))) return true
  }
  return false
}

/**
 * Parses JSON without losing a digit (docs/design.md#values).
 *
 * A number becomes a `RawNumber` if a double does not give it back as it is written. As in
 * JSON.parse, the last of repeated keys counts, and a key "__proto__" is a key like others. Throws
 * `SyntaxError` if the text is not JSON.
 */
export const parseJson = (text: string): unknown => {
  if (!losesDigits(text)) return JSON.parse(text)
  try {
    return JSON.parse(text, keepDigits)
  } catch (error) {
    // With a reviver, JSON.parse overflows the stack at some thousand levels. Without one it does
    // not.
    if (error instanceof RangeError) return parseDeepJson(text)
    throw error
  }
}

// The type library of TypeScript 7 does not declare the third argument of a reviver.
const keepDigits: (key: string, value: unknown, context?: { readonly source?: string }) => unknown = (_key, value, context) =>
  typeof value === "number" && context?.source !== undefined ? toJsonNumber(context.source) : value
