import type { JsonNumber } from "./JsonNumber.ts"

const maxIntegerDigits = 24
const maxFractionDigits = 30

/** What to tell about a number that `decimalText` refuses. */
export const numberTooLong = `must have at most ${maxIntegerDigits} digits before and ${maxFractionDigits} after the decimal point`

const numberToken = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/**
 * The canonical decimal text of a number ("10.5", "0", "-3.25": no exponent, no needless zeros, no
 * "-0"), or undefined if written out it had more than 24 digits before or 30 after the point. Zeros
 * that do not change the value do not count. The size is checked before anything is expanded, so
 * 1e999999999 costs nothing (docs/design.md#values).
 */
export const decimalText = (value: JsonNumber): string | undefined => {
  if (typeof value === "number") {
    const text = String(value)
    // Without an exponent a double's own text is canonical and within the limits.
    return text.includes("e") ? expand(text) : text
  }
  return expand(value.rawJSON)
}

const expand = (token: string): string | undefined => {
  const match = numberToken.exec(token)
  if (match === null) return undefined
  const [, sign = "", integer = "", fraction = "", exponent = "0"] = match
  const digits = integer + fraction
  let first = 0
  while (digits[first] === "0") first++
  if (first === digits.length) return "0"
  let end = digits.length
  while (digits[end - 1] === "0") end--
  // Where the point belongs, counted from the start of `digits`.
  const point = integer.length + Number(exponent)
  if (point - first > maxIntegerDigits || end - point > maxFractionDigits) return undefined
  const significant = digits.slice(first, end)
  if (point <= first) return `${sign}0.${"0".repeat(first - point)}${significant}`
  if (point >= end) return sign + significant + "0".repeat(point - end)
  return `${sign}${significant.slice(0, point - first)}.${significant.slice(point - first)}`
}
