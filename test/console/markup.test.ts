import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { grouped, signed } from "../../src/console/markup/figure.ts"
import { prettyJson } from "../../src/console/markup/prettyJson.ts"

describe("the figures of the console", () => {
  it("are grouped without a change of a digit", () => {
    assert.deepStrictEqual(
      [0, 12, 999, 1000, 1234567, "-1234.5", "-0.0012345", "98765432109876543210.123456789"].map(grouped),
      ["0", "12", "999", "1,000", "1,234,567", "-1,234.5", "-0.0012345", "98,765,432,109,876,543,210.123456789"]
    )
    assert.deepStrictEqual([5, "-1000.5", 0, "0"].map(signed), ["+5", "−1,000.5", "0", "0"])
  })
})

describe("JSON for reading", () => {
  it.effect.prop(
    "is the same JSON",
    [Schema.Array(Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Null])))],
    ([value]) => Effect.sync(() => assert.deepStrictEqual(JSON.parse(prettyJson(JSON.stringify(value))), JSON.parse(JSON.stringify(value))))
  )

  it("has each string and number as it was written", () => {
    assert.strictEqual(
      prettyJson("{\"a\" : 1.50000000000000000001,\"b\":[ ],\"c\":{\"d\":\"x, {\\\"y\\\"}: \\u00e9\",\"e\":[true,null]}}"),
      `{
  "a": 1.50000000000000000001,
  "b": [],
  "c": {
    "d": "x, {\\"y\\"}: \\u00e9",
    "e": [
      true,
      null
    ]
  }
}`
    )
    // What was cut comes out in some way.
    assert.strictEqual(prettyJson("{\"a\":[\"b"), "{\n  \"a\": [\n    b")
  })
})
