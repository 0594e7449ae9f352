import { describe, expect, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { decodeBody } from "../../src/fasttrack/decodeBody.ts"

describe("BulkItems", () => {
  it.each(["[1,{\"amount\":0.1000000000000000000001},\"x\"]", "{\"items\":[1,{\"amount\":0.1000000000000000000001},\"x\"]}"])(
    "hands out each item of %s once, and keeps the texts of all",
    (body) => {
      const items = Result.getOrThrow(decodeBody(body))
      expect(items.count).toBe(3)
      expect([1, 0, 1].map((index) => items.take(index))).toEqual([{ amount: expect.anything() }, 1, undefined])
      expect(items.texts([2, 1])).toEqual(["\"x\"", "{\"amount\":0.1000000000000000000001}"])
      expect(items.texts([2, 1])).toEqual(["\"x\"", "{\"amount\":0.1000000000000000000001}"])
      expect(items.take(2)).toBe("x")
      expect(items.count).toBe(3)
    }
  )
})
