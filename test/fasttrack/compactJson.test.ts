import { assert, describe, expect, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { compactJson } from "../../src/fasttrack/compactJson.ts"
import { finish } from "../../src/fasttrack/steps.ts"

const compact = (text: string) => finish(compactJson(new TextEncoder().encode(text)))

describe("compactJson", () => {
  it.prop("writes any JSON as JSON.stringify does", [Schema.Json], ([json]) => {
    assert.strictEqual(compact(JSON.stringify(json, null, "\t")), JSON.stringify(json))
  })

  it("gives each character its one spelling, and leaves all else as it came", () => {
    expect(compact(" { \"\\u0075ser\\/\" : -1.00e-999 ,\r\n\"a\":[ 1.0, \"\\ud800\", \"\\u00e9\\\"\\u0000\" ],\"a\":true } ")).toBe(
      "{\"user/\":-1.00e-999,\"a\":[1.0,\"\\ud800\",\"é\\\"\\u0000\"],\"a\":true}"
    )
  })

  it("copes with any depth, and with what is no JSON", () => {
    const deep = `${"[{\"\":".repeat(100_000)}1e400`
    expect(compact(deep) === deep).toBe(true)
    expect(compact("\"\\x 1\" \"\\")).toBe("\"\\x 1\"\"\\")
  })
})
