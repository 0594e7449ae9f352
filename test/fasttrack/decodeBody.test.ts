import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { decodeBody } from "../../src/fasttrack/decodeBody.ts"

const failureOf = (text: string) => Result.getOrThrow(Result.flip(decodeBody(text)))

describe("decodeBody", () => {
  it.each([
    [`{"items":[]}`, 0],
    ["[]", 0],
    [`{"items":[1,"x",null,{}]}`, 4],
    ["[1,\"x\",null,{}]", 4],
    [` {"count":5,"items":[1e400],"key":"value"} `, 1],
    [`{"items":5,"items":[1]}`, 1]
  ])("takes %s", (text, count) => {
    expect(Result.getOrThrow(decodeBody(text)).count).toBe(count)
  })

  it.each([
    "{}",
    `{"items":{}}`,
    `{"items":null}`,
    `{"items":"[]"}`,
    `{"Items":[]}`,
    `{"items":1e400}`,
    `{"event":"realtime-casino","data":{}}`,
    `{"__proto__":{"items":[]}}`,
    `{"data":{"items":[]}}`,
    "null",
    "5",
    "1e400",
    "true",
    "\"[]\""
  ])("says that %s is not a batch", (text) => {
    expect(failureOf(text)).toEqual({ _tag: "NotABatch" })
  })

  it.each(["", "items", "{\"items\":[}", "[", "[{},]", "{\"items\":[1e400}", `"${"x".repeat(10_000)}`, "\"\ud800", "<html>"])(
    "says that %j is not JSON",
    (text) => {
      const failure = failureOf(text)
      expect(failure._tag).toBe("MalformedJson")
      if (failure._tag === "MalformedJson") {
        expect(failure.message.length).toBeGreaterThan(0)
        expect(failure.message.length).toBeLessThanOrEqual(200)
        expect(failure.message.isWellFormed()).toBe(true)
      }
    }
  )
})
