import { describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { decimalText } from "../../src/fasttrack/decimalText.ts"
import { toJsonNumber } from "../../src/fasttrack/JsonNumber.ts"
import { amountOf, decimalString } from "../oracle/decimal.ts"

const canonical = (text: string) => decimalText(toJsonNumber(text))

const Digits = (max: number) => Schema.String.check(Schema.isPattern(new RegExp(`^[0-9]{1,${max}}$`)))
const Exponent = Schema.Int.check(Schema.isBetween({ minimum: -60, maximum: 60 }))

describe("decimalText", () => {
  it.each([
    ["0", "0"],
    ["-0", "0"],
    ["-0.000e12", "0"],
    ["0e999999999999999999999999", "0"],
    ["10.50", "10.5"],
    ["100", "100"],
    ["-3.25", "-3.25"],
    ["0.5", "0.5"],
    ["5e-1", "0.5"],
    ["5E+2", "500"],
    ["1.5e1", "15"],
    ["1.5e2", "150"],
    ["0.00012e3", "0.12"],
    ["12345.678e-2", "123.45678"],
    ["1e-7", "0.0000001"],
    ["1e21", "1000000000000000000000"],
    ["0.30000000000000004", "0.30000000000000004"],
    ["12345678901234567890.10", "12345678901234567890.1"],
    [`1${"0".repeat(23)}`, `1${"0".repeat(23)}`],
    [`0.${"0".repeat(29)}1`, `0.${"0".repeat(29)}1`],
    // What changes nothing about the value does not count.
    [`1.${"0".repeat(50)}`, "1"],
    [`1${"0".repeat(50)}e-50`, "1"],
    [`0.${"0".repeat(50)}1e51`, "1"]
  ])("%s is %s", (text, expected) => {
    expect(canonical(text)).toBe(expected)
  })

  it.each([
    "1e24",
    "-1e24",
    "9".repeat(25),
    "1e-31",
    `0.${"0".repeat(30)}1`,
    `0.${"1".repeat(31)}`,
    "1e400",
    "1e999999999",
    "1e-999999999"
  ])(
    "%s is too long",
    (text) => {
      expect(canonical(text)).toBeUndefined()
    }
  )

  it("does not expand what is too long", () => {
    const start = performance.now()
    for (let i = 0; i < 10_000; i++) canonical(i % 2 === 0 ? "1e999999999" : "-1.5e-999999999")
    expect(canonical("9".repeat(1_000_000))).toBeUndefined()
    expect(canonical(`1${"0".repeat(1_000_000)}1`)).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(2_000)
  })

  it("takes any double, also one that no body gave", () => {
    expect(decimalText(1e21)).toBe("1000000000000000000000")
    expect(decimalText(-1e-7)).toBe("-0.0000001")
    expect(decimalText(-0)).toBe("0")
    expect(decimalText(0.1 + 0.2)).toBe("0.30000000000000004")
    expect(decimalText(Number.MAX_VALUE)).toBeUndefined()
    expect(decimalText(Number.MIN_VALUE)).toBeUndefined()
  })

  it.prop("keeps the value and is canonical, or the value does not fit", [Schema.Boolean, Digits(30), Digits(35), Exponent], (
    [negative, whole, fraction, exponent]
  ) => {
    const text = `${negative ? "-" : ""}${whole.replace(/^0+(?=\d)/, "")}.${fraction}e${exponent}`
    const result = canonical(text)
    // Exactly, in units of 10^-100.
    const units = BigInt(whole + fraction) * 10n ** BigInt(100 - fraction.length + exponent)
    const unit = 10n ** 100n
    const fits = units < unit * 10n ** 24n && units % 10n ** 70n === 0n
    if (!fits) return expect(result).toBeUndefined()
    expect(result).toBe(decimalString(amountOf({ raw: text })))
    expect(result).toMatch(/^(0|-?(?!0\d)\d{1,24}(\.\d{0,29}[1-9])?)$/)
    expect(canonical(result ?? "")).toBe(result)
  }, { arbitrary: { runs: 2_000 } })
})
