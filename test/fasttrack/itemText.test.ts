import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { decodeBody } from "../../src/fasttrack/decodeBody.ts"
import { itemText } from "../../src/fasttrack/itemText.ts"

const textOf = (item: string) => itemText(Result.getOrThrow(decodeBody(`[${item}]`)).take(0))

describe("itemText", () => {
  it.each([
    "null",
    "5",
    "1e400",
    "12345678901234567890.123456789012345678",
    "{\"amount\":-1.00e-999,\"__proto__\":{\"a\":[]},\"x\":[true,null,\"\\u0000\\\\\"]}"
  ])("gives %s back", (item) => {
    expect(textOf(item)).toBe(item)
  })

  it("is well-formed", () => {
    const text = textOf("{\"\ud800\":\"\udc00\\udfff\"}")
    expect(text.isWellFormed()).toBe(true)
    expect(JSON.parse(text)).toEqual({ "\ud800": "\udc00\udfff" })
  })

  it.prop("gives any JSON back, also from a depth at which JSON.stringify fails", [Schema.Json], ([json]) => {
    const text = JSON.stringify({ a: json, long: [] }).replace("[]", "[12345678901234567890]")
    expect(textOf(text)).toBe(text)
    const deep = `${"[{\"\":".repeat(10_000)}${text}${"},1e400]".repeat(10_000)}`
    expect(textOf(deep) === deep).toBe(true)
  }, { arbitrary: { runs: 20 } })
})
