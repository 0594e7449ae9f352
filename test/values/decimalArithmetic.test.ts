import { it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { addDecimals, compareDecimals, divideDecimals, isPositive, subtractDecimals } from "../../src/values/decimalArithmetic.ts"
import { amountOf, decimalString } from "../oracle/decimal.ts"

/**
 * Canonical text of decimals with up to 24 digits before and 30 after the point, small and round
 * ones often.
 */
const Decimal = Schema.Tuple([
  Schema.Literals([-1n, 1n]),
  Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: 10n ** 24n - 1n })),
  Schema.Literals([0, 1, 2, 18, 30]),
  Schema.Literals([0, 6, 12, 24, 30])
])
const textOf = ([sign, digits, decimals, zeros]: typeof Decimal.Type): string =>
  decimalString(sign * (digits * 10n ** 30n / 10n ** BigInt(decimals) / 10n ** BigInt(zeros)) * 10n ** BigInt(Math.min(zeros, decimals)))
const amountIn = (text: string) => amountOf({ raw: text })

describe("decimalArithmetic", () => {
  it.prop("is exact and gives canonical text", [Decimal, Decimal], ([first, second]) => {
    const [a, b] = [textOf(first), textOf(second)]
    expect(addDecimals(a, b)).toBe(decimalString(amountIn(a) + amountIn(b)))
    expect(subtractDecimals(a, b)).toBe(decimalString(amountIn(a) - amountIn(b)))
    expect(subtractDecimals(addDecimals(a, b), b)).toBe(a)
    // The others differ in their last digits only.
    for (const c of [b, addDecimals(a, "0.5"), subtractDecimals(a, `0.${"0".repeat(29)}1`)]) {
      expect(Math.sign(compareDecimals(a, c))).toBe(amountIn(a) < amountIn(c) ? -1 : amountIn(a) > amountIn(c) ? 1 : 0)
    }
    expect(isPositive(a)).toBe(amountIn(a) > 0n)
  }, { arbitrary: { runs: 300 } })

  it.each([
    ["1e5", "2000", 1],
    ["1e-7", "0.5", -1],
    ["1.2345678901234567e-7", "0.5", -1],
    ["1.50000000000000000", "1.5", 0],
    ["000000000000000000007", "8", -1],
    ["-1234567890123456.5", "-1234567890123456.25", -1]
  ])("%s and %s, however they are written, are in the order of their values", (a, b, order) => {
    expect(Math.sign(compareDecimals(a, b))).toBe(order)
    expect(Math.sign(compareDecimals(b, a)) + order).toBe(0)
  })

  const Short = Schema.Tuple([
    Schema.Literals([1n]),
    Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: 10n ** 9n })),
    Schema.Literals([0, 1, 2]),
    Schema.Literals([0])
  ])
  it.prop("divides to the nearest, half up", [Schema.Union([Short, Decimal]), Schema.Union([Short, Decimal])], ([first, second]) => {
    const [dividend, divisor] = [textOf([1n, first[1] + 1n, first[2], 0]), textOf([1n, second[1] + 1n, second[2], 0])]
    const quotient = amountIn(divideDecimals(dividend, divisor, 4))
    const half = 10n ** 26n / 2n
    // quotient − half ≤ dividend ÷ divisor < quotient + half
    const exact = amountIn(dividend) * 10n ** 30n
    expect((quotient - half) * amountIn(divisor) <= exact && exact < (quotient + half) * amountIn(divisor)).toBe(true)
    expect(quotient % 10n ** 26n).toBe(0n)
  }, { arbitrary: { runs: 300 } })

  it.each([
    ["1", "3", "0.3333"],
    ["2", "3", "0.6667"],
    ["0.00005", "1", "0.0001"],
    ["0.000049999999999999999999999999", "1", "0"],
    ["0.3", "0.1", "3"],
    ["100", "0.000000000000000000000000000001", `1${"0".repeat(32)}`]
  ])("%s ÷ %s is %s", (dividend, divisor, quotient) => {
    expect(divideDecimals(dividend, divisor, 4)).toBe(quotient)
  })
})
