import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { type BulkItems, UnparsedItem } from "../../src/fasttrack/BulkItems.ts"
import { bodyItems, defaultBounds, parsedItems } from "../support/events/bulkItems.ts"

const textOf = (items: BulkItems, index: number) => new TextDecoder().decode(items.bytesOf(index))
const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`
const wide = (values: number) => `[${"0,".repeat(values - 2)}0]`
const bounds = { ...defaultBounds, item: { depth: 64, values: 20_000, bytes: 100_000 } }
const outcomesOf = (body: string) =>
  parsedItems(bodyItems(body, bounds)).map((item) => item instanceof UnparsedItem ? item.message : JSON.stringify(item).length)

describe("BulkItems", () => {
  it.each([
    "[1,{\"amount\":0.1000000000000000000001},\"x\"]",
    "{\"a\":1,\"items\": [ 1 ,\n{\"amount\":0.1000000000000000000001}, \"x\"] }"
  ])(
    "hands out each item of %s, every digit kept, and its text as often as asked",
    (body) => {
      const items = bodyItems(body)
      expect(items.count).toBe(3)
      expect(JSON.stringify(parsedItems(items))).toBe("[1,{\"amount\":0.1000000000000000000001},\"x\"]")
      for (const _ of [1, 2]) {
        expect([2, 1].map((index) => textOf(items, index).trim())).toEqual(["\"x\"", "{\"amount\":0.1000000000000000000001}"])
      }
    }
  )

  it("parses many items in pieces, of which none is large", () => {
    const body = Array.from({ length: 3000 }, (_, index) => ({ index, text: "😀".repeat(index % 50), long: index % 7 === 0 ? "X" : 1 }))
    const text = JSON.stringify(body).replaceAll("\"X\"", "12345678901234567890")
    const items = bodyItems(text)
    let pieces = 0
    for (let next = 0; next < items.count; pieces++) next += Result.getOrThrow(items.piece(next)).length
    expect(pieces).toBeGreaterThan(10)
    expect(JSON.stringify(parsedItems(items))).toBe(text)
    expect(Array.from({ length: items.count }, (_, index) => textOf(items, index)).join()).toBe(text.slice(1, -1))
  })

  it("does not parse an item that is nested too deep, and parses the others", () => {
    expect(outcomesOf(`[1,${nested(64)},${nested(65)},${nested(40_000)},"[[",2]`)).toEqual([
      1,
      128,
      "must not be nested deeper than 64 levels",
      "must not be nested deeper than 64 levels",
      4,
      1
    ])
    expect(outcomesOf(`{"items":[${nested(64)},${nested(65)},3],"note":${nested(60)}}`)).toEqual([
      128,
      "must not be nested deeper than 64 levels",
      1
    ])
  })

  it("does not parse an item of too many values or bytes", () => {
    const empties = `[${"[],{},".repeat(9_998)}[],{}]`
    expect(outcomesOf(`[${wide(20_000)},${wide(20_001)},${empties},"${"x".repeat(99_990)}","${"x".repeat(100_001)}"]`)).toEqual([
      39_999,
      "must have at most 20000 JSON values",
      59_995,
      99_992,
      "must have at most 100000 bytes in the body"
    ])
  })

  it.each([
    "[1,]",
    "[,1]",
    "[1,,2]",
    "[tru]",
    "[1 2]",
    "[{\"a\":1]]",
    "{\"items\":[\"\t\"]}",
    "[\"\\x\"]",
    "[\ufeff1]",
    "[01]",
    `[${"1,".repeat(600)}]`
  ])(
    "finds that %j is not JSON when it comes there",
    (body) => {
      const items = bodyItems(body)
      let failure: string | undefined
      for (let next = 0; next < items.count && failure === undefined;) {
        const piece = items.piece(next)
        if (Result.isFailure(piece)) failure = piece.failure
        else next += piece.success.length
      }
      expect(failure).toBe("malformed")
    }
  )
})
