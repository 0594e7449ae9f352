import { describe, expect, it } from "vitest"
import { amountOf, decimalString, ratioTo4Decimals } from "./decimal.ts"

describe("amounts", () => {
  it("keeps every digit", () => {
    const canonical = (raw: string) => decimalString(amountOf({ raw }))
    expect(["-0", "0.00", "1.50", "125e-2", "1E+3", "-0.10", "1e-30", "0e7"].map(canonical)).toEqual([
      "0",
      "0",
      "1.5",
      "1.25",
      "1000",
      "-0.1",
      `0.${"0".repeat(29)}1`,
      "0"
    ])
    const longest = `-${"123456789012345678901234"}.${"987654321098765432109876543219"}`
    expect(canonical(longest)).toBe(longest)
    expect([1e21, 1e-7, 0.1 + 0.2, -0].map((number) => decimalString(amountOf(number)))).toEqual([
      "1000000000000000000000",
      "0.0000001",
      "0.30000000000000004",
      "0"
    ])
    expect(() => canonical("1e-31")).toThrow("decimals")
    expect(() => canonical(".5")).toThrow("JSON number")
    expect(decimalString(ratioTo4Decimals(amountOf(2), amountOf(3)))).toBe("0.6667")
  })
})
