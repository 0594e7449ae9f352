import { assert, describe, it } from "@effect/vitest"
import { decodeEventsCursor, encodeEventsCursor } from "../../src/http/EventsCursor.ts"
import { seededRandom } from "../reference/random.ts"
import { tenant } from "./serve.ts"

const random = seededRandom(1)
const cases = Array.from({ length: 500 }, () => ({
  userId: Array.from({ length: 1 + random.below(6) }, () => random.pick(["a", "b", "ü", "😀", "\u0001", " "])).join(""),
  position: random.pick([1, random.below(1000), random.below(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER])
}))

describe("EventsCursor", () => {
  it("gives back the position it was made of, for its user only", () => {
    for (const { position, userId } of cases) {
      const cursor = encodeEventsCursor(tenant, userId, position)
      assert.match(cursor, /^[\w-]+$/)
      assert.strictEqual(decodeEventsCursor(tenant, userId, cursor), position)
      assert.isUndefined(decodeEventsCursor(tenant, `${userId}x`, cursor))
      assert.isUndefined(decodeEventsCursor({ ...tenant, keyNamespace: "another" }, userId, cursor))
    }
  })

  it("is nothing if a character of it was changed, added or taken away", () => {
    const characters = [..."ABCXYZabcxyz0189-_+/= é"]
    for (const { position, userId } of cases) {
      const cursor = encodeEventsCursor(tenant, userId, position)
      const at = random.below(cursor.length)
      const other = random.pick(characters.filter((character) => character !== cursor[at]))
      const forgeries = [
        cursor.slice(0, at) + other + cursor.slice(at + 1),
        cursor.slice(0, at) + other + cursor.slice(at),
        cursor.slice(0, at) + cursor.slice(at + 1),
        cursor + other,
        cursor + "=",
        ""
      ]
      for (const forgery of forgeries) {
        if (forgery !== cursor) assert.isUndefined(decodeEventsCursor(tenant, userId, forgery), forgery)
      }
    }
  })
})
