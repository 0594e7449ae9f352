import { assert, describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { bodyItems, defaultBounds, parsedItems, readBody } from "../support/events/bulkItems.ts"

const classifySqlError = (body: string | Uint8Array) => Result.getOrThrow(Result.flip(readBody(body)))
const malformed = (message: string) => ({ _tag: "MalformedJson", message })
const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`

describe("decodeBody", () => {
  it.each([
    [`{"items":[]}`, 0],
    ["[]", 0],
    [" [\n] ", 0],
    [`{"items":[1,"x",null,{}]}`, 4],
    ["[1,\"x\",null,{}]", 4],
    [` {"count":5,"items":[1e400],"key":"value"} `, 1],
    [`{"items":5,"items":[1]}`, 1],
    [`{"items":[1,2],"items":[1]}`, 1],
    [`{"\\u0069tems":[1,2]}`, 2],
    [`{"a":["items"],"items":[1],"b":{"items":[1,2]}}`, 1],
    ["\ufeff[1]", 1]
  ])("takes %s", (text, count) => {
    expect(bodyItems(text).count).toBe(count)
  })

  it.each([
    "{}",
    `{"items":{}}`,
    `{"items":null}`,
    `{"items":"[]"}`,
    `{"Items":[]}`,
    `{"items":1e400}`,
    `{"items":[1],"items":5}`,
    `{"event":"realtime-casino","data":{}}`,
    `{"__proto__":{"items":[]}}`,
    `{"data":{"items":[]}}`,
    "null",
    "5",
    "1e400",
    "true",
    "\"[]\"",
    // What stands beside the items is bounded as an item is.
    `{"items":[1],"more":${nested(64)}}`,
    `{"items":[1],"more":[${"0,".repeat(20_000)}0]}`,
    `{"items":[${nested(100_000)}],"items":[1]}`
  ])("says that %s is not a batch", (text) => {
    expect(classifySqlError(text)).toEqual({ _tag: "NotABatch" })
  })

  it.each([
    ["", "The JSON ends too early: line 1, column 1."],
    ["items", "This is not JSON: line 1, column 1."],
    ["{\"items\":[}", "This is not JSON: line 1, column 11."],
    ["[", "The JSON ends too early: line 1, column 2."],
    ["{\"items\":[1e400}", "This is not JSON: line 1, column 16."],
    ["{\"items\":[1],\n \"é😀\" 5}", "This is not JSON: line 2, column 7."],
    ["[1]\r\n\r\n [", "This is not JSON: line 3, column 2."],
    [`"${"x".repeat(10_000)}`, "The JSON ends too early: line 1, column 10002."],
    ["<html>", "This is not JSON: line 1, column 1."],
    ["{\"items\":[tru],\"items\":[1]}", "This is not JSON: line 1, column 14."],
    ["[".repeat(100_000), "The JSON ends too early: line 1, column 100001."]
  ])("says where %j is not JSON", (text, message) => {
    expect(classifySqlError(text)).toEqual(malformed(message))
  })

  it("says what is not UTF-8", () => {
    expect(classifySqlError(new Uint8Array([0x22, 0xff, 0x22]))).toEqual(malformed("The body is not UTF-8."))
  })

  it("refuses too many items, or values, without looking further", () => {
    const bounds = { ...defaultBounds, items: 3, values: 10 }
    expect(Result.getOrThrow(readBody("[1,2,3]", bounds)).count).toBe(3)
    expect(Result.getOrThrow(Result.flip(readBody("[1,2,3,4] and no JSON", bounds)))).toEqual({ _tag: "TooManyItems", limit: 3 })
    expect(Result.getOrThrow(readBody("[[1,2,3,4,5,6,7,8]]", bounds)).values).toBe(10)
    expect(Result.getOrThrow(Result.flip(readBody("[[1,2,3,4,5,6,7,8,9]]", bounds)))).toEqual({ _tag: "TooManyValues", limit: 10 })
  })

  it.prop("finds what JSON.parse does, whatever the spaces", [Schema.Array(Schema.Json)], ([items]) => {
    for (const space of [undefined, " ", "\r\n"]) {
      for (const body of [items, { a: { items: 1 }, items, b: items.slice(0, 1) }]) {
        assert.deepStrictEqual(
          parsedItems(bodyItems(JSON.stringify(body, null, space), { ...defaultBounds, item: { ...defaultBounds.item, depth: 1e6 } })),
          JSON.parse(JSON.stringify(items))
        )
      }
    }
  })

  it("is not confused by the steps in which it works", () => {
    // Strings, escapes, numbers and keys lie across the ends of steps of 1 MiB.
    for (const shift of [0, 1, 2, 3, 7, 12, 20]) {
      const body = `{"x":"${"y".repeat(1024 * 1024 - 30 + shift)}","items":[12345678901234567890,{"a\\"]":"\\\\"},3]}`
      expect(JSON.stringify(parsedItems(bodyItems(body)))).toBe(`[12345678901234567890,{"a\\"]":"\\\\"},3]`)
    }
  })
})
