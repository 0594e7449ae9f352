import { survivesDouble, toJsonNumber } from "./JsonNumber.ts"
import { parseDeepJson } from "./parseDeepJson.ts"

// A number of 16 digits or with an exponent: up to 15 digits always survive a double. Inside a
// string it may match too, which costs time only. What stands before a number is part of the match:
// a look-behind takes three times as long, longer than parsing does.
const longNumber = /[:,[\s](-?(?:(?:\d\.?){16}|\d+(?:\.\d+)?[eE])[\d.eE+-]*)/g
const onlyNumber = /^-?\d/

const losesDigits = (text: string): boolean => {
  // Nothing stands before it.
  if (onlyNumber.test(text)) return true
  longNumber.lastIndex = 0
  for (let match = longNumber.exec(text); match !== null; match = longNumber.exec(text)) {
    if (!survivesDouble(match[1] ?? "")) return true
  }
  return false
}

/**
 * Parses JSON without losing a digit: a number that a double does not give back as it is written
 * becomes a `RawNumber` (docs/design.md#values). Throws `SyntaxError` if the text is not JSON. As
 * with JSON.parse, the last of repeated keys counts, and a key "__proto__" is a key like others.
 */
export const parseJson = (text: string): unknown => {
  if (!losesDigits(text)) return JSON.parse(text)
  try {
    return JSON.parse(text, keepDigits)
  } catch (error) {
    // With a reviver, unlike without, JSON.parse overflows the stack on what is nested some
    // thousand levels deep.
    if (error instanceof RangeError) return parseDeepJson(text)
    throw error
  }
}

// TypeScript's library does not know the context yet.
const keepDigits: (key: string, value: unknown, context?: { readonly source?: string }) => unknown = (_key, value, context) =>
  typeof value === "number" && context?.source !== undefined ? toJsonNumber(context.source) : value
