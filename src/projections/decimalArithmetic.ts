import * as BigDecimal from "effect/BigDecimal"

/** Exact arithmetic on canonical decimal text ("10.5", "0", "-3.25": no exponent, no needless zeros), as amounts are in events and rows. */

/** Whether a canonical decimal is above zero. */
export const isPositive = (decimal: string): boolean => decimal !== "0" && !decimal.startsWith("-")

/** Negative if `a` is less than `b`, 0 if they are equal. */
export const compareDecimals = (a: string, b: string): number =>
  BigDecimal.Order(BigDecimal.fromStringUnsafe(a), BigDecimal.fromStringUnsafe(b))

/** `a` + `b`. */
export const addDecimals = (a: string, b: string): string =>
  decimalToText(BigDecimal.sum(BigDecimal.fromStringUnsafe(a), BigDecimal.fromStringUnsafe(b)))

/** `a` − `b`. */
export const subtractDecimals = (a: string, b: string): string =>
  decimalToText(BigDecimal.subtract(BigDecimal.fromStringUnsafe(a), BigDecimal.fromStringUnsafe(b)))

/** `dividend` ÷ `divisor`, the exact ratio rounded once, half up, to that many decimals. Both are above zero. */
export const divideDecimals = (dividend: string, divisor: string, decimals: number): string => {
  const { value: numerator, scale } = BigDecimal.fromStringUnsafe(dividend)
  const { value: denominator, scale: divisorScale } = BigDecimal.fromStringUnsafe(divisor)
  const exponent = decimals + divisorScale - scale
  const above = numerator * 10n ** BigInt(Math.max(0, exponent))
  const below = denominator * 10n ** BigInt(Math.max(0, -exponent))
  return decimalToText(BigDecimal.make((2n * above + below) / (2n * below), decimals))
}

/** The canonical text of an exact decimal. Effect's own `format` turns to exponents at 16 decimals or trailing zeros. */
export const decimalToText = (decimal: BigDecimal.BigDecimal): string => {
  const { scale, value } = BigDecimal.normalize(decimal)
  if (scale <= 0) return String(value * 10n ** BigInt(-scale))
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0")
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
