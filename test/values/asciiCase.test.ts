import { assert, describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { lowerCase, upperCase } from "../../src/values/asciiCase.ts"
import { inCapitals, inSmall } from "../oracle/letters.ts"

describe("upperCase and lowerCase", () => {
  it("change the letters of ASCII and nothing else", () => {
    expect(upperCase("az-AZ straße ı ǆ ﬁ é i̇ 7{`")).toBe("AZ-AZ STRAßE ı ǆ ﬁ é İ 7{`")
    expect(lowerCase("AZ-az \u212a İ Σ É @[")).toBe("az-az \u212a İ Σ É @[")
  })

  it.prop("are the second reading of the rules", [Schema.String], ([text]) => {
    assert.strictEqual(upperCase(text), inCapitals(text))
    assert.strictEqual(lowerCase(text), inSmall(text))
  })
})
