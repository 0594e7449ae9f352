import * as BigDecimal from "effect/BigDecimal"

/**
 * Exact arithmetic on canonical decimal text ("10.5", "0", "-3.25": no exponent, no needless
 * zeros), as amounts are in events and rows.
 */

/** Whether a canonical decimal is above zero. */
export const isPositive = (decimal: string): boolean => decimal !== "0" && !decimal.startsWith("-")

/**
 * Negative if `a` is less than `b`, 0 if they are equal. Of any spelling: what a projection's
 * author contributes may be a number's text, "1e-7".
 */
export const compareDecimals = (a: string, b: string): number =>
  // Up to 15 digits, different decimals are different doubles in the same order.
  a.length <= 15 && b.length <= 15
    ? Number(a) - Number(b)
    : canonical.test(a) && canonical.test(b)
    ? compareTexts(a, b)
    : BigDecimal.Order(BigDecimal.fromStringUnsafe(a), BigDecimal.fromStringUnsafe(b))

const canonical = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/

/**
 * Compares canonical decimals of any length as texts.
 *
 * Every round compares peaks, and those can have more digits than a double holds.
 */
const compareTexts = (a: string, b: string): number => {
  if (a === b) return 0
  const isNegative = a.startsWith("-")
  if (isNegative !== b.startsWith("-")) return isNegative ? -1 : 1
  // Of as many digits before the point, they are in the order of their texts, for the end and the
  // point come before every digit.
  const order = lengthOfWhole(a) - lengthOfWhole(b) || (a < b ? -1 : 1)
  return isNegative ? -order : order
}

const lengthOfWhole = (decimal: string): number => {
  const point = decimal.indexOf(".")
  return point === -1 ? decimal.length : point
}

/** `a` + `b`. */
export const addDecimals = (a: string, b: string): string =>
  b === "0"
    ? a
    : a === "0"
    ? b
    : addShort(a, b, 1) ?? decimalToText(BigDecimal.sum(BigDecimal.fromStringUnsafe(a), BigDecimal.fromStringUnsafe(b)))

/** `a` − `b`. */
export const subtractDecimals = (a: string, b: string): string =>
  b === "0" ? a : addShort(a, b, -1) ?? decimalToText(BigDecimal.subtract(BigDecimal.fromStringUnsafe(a), BigDecimal.fromStringUnsafe(b)))

/**
 * `dividend` ÷ `divisor`, the exact ratio rounded once, half up, to that many decimals. Both are
 * above zero.
 */
export const divideDecimals = (dividend: string, divisor: string, decimals: number): string =>
  divideShort(dividend, divisor, decimals) ?? divideLong(dividend, divisor, decimals)

const divideLong = (dividend: string, divisor: string, decimals: number): string => {
  const { value: numerator, scale } = BigDecimal.fromStringUnsafe(dividend)
  const { value: denominator, scale: divisorScale } = BigDecimal.fromStringUnsafe(divisor)
  const exponent = decimals + divisorScale - scale
  const above = numerator * 10n ** BigInt(Math.max(0, exponent))
  const below = denominator * 10n ** BigInt(Math.max(0, -exponent))
  return decimalToText(BigDecimal.make((2n * above + below) / (2n * below), decimals))
}

/**
 * The canonical text of an exact decimal. Effect's own `format` turns to exponents at 16 decimals
 * or trailing zeros.
 */
export const decimalToText = (decimal: BigDecimal.BigDecimal): string => {
  const { scale, value } = BigDecimal.normalize(decimal)
  if (scale <= 0) return String(value * 10n ** BigInt(-scale))
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0")
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)
const decimalsOf = (text: string): number => {
  const point = text.indexOf(".")
  return point === -1 ? 0 : text.length - point - 1
}

/** A whole number of units of that many decimals, as canonical text. */
const textOf = (units: number, decimals: number): string => {
  if (decimals === 0 || units === 0) return String(units + 0)
  const significant = String(Math.abs(units))
  const digits = significant.length > decimals ? significant : significant.padStart(decimals + 1, "0")
  const point = digits.length - decimals
  let end = digits.length
  while (end > point && digits.charCodeAt(end - 1) === 48) end--
  return (units < 0 ? "-" : "") + digits.slice(0, point) + (end === point ? "" : "." + digits.slice(point, end))
}

/**
 * The ratio where all of its parts fit into whole doubles, else undefined. Exact: a remainder of
 * whole doubles is, and so is what it leaves to divide.
 */
const divideShort = (dividend: string, divisor: string, decimals: number): string | undefined => {
  if (dividend.length > 15 || divisor.length > 15) return undefined
  const common = Math.max(decimalsOf(dividend), decimalsOf(divisor))
  const [unit, power] = [powersOfTen[common] ?? Number.NaN, powersOfTen[decimals] ?? Number.NaN]
  const above = Math.round(Number(dividend) * unit) * power
  const below = Math.round(Number(divisor) * unit)
  if (!(above < 2 ** 50 && below < 2 ** 50)) return undefined
  const rest = above % below
  return textOf((above - rest) / below + (2 * rest >= below ? 1 : 0), decimals)
}

/**
 * `a` + `sign` × `b` where both fit into whole doubles of their last decimal place, else undefined.
 * Sums are most of what a fold does, and this is some ten times as fast as a BigDecimal. Exact:
 * below 2^50 the product is off by less than a quarter before it is rounded to the whole number
 * that it stands for.
 */
const addShort = (a: string, b: string, sign: 1 | -1): string | undefined => {
  if (a.length > 15 || b.length > 15) return undefined
  const decimals = Math.max(decimalsOf(a), decimalsOf(b))
  const power = powersOfTen[decimals] ?? Number.NaN
  const [whole, other] = [Math.round(Number(a) * power), Math.round(Number(b) * power)]
  if (!(Math.abs(whole) < 2 ** 50 && Math.abs(other) < 2 ** 50)) return undefined
  const sum = whole + sign * other
  return textOf(sum, decimals)
}
