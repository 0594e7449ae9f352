import { assert, describe, it } from "@effect/vitest"
import { decodeCursor, encodeCursor } from "../../../src/http/reading/PositionCursor.ts"
import { seededRandom } from "../../oracle/random.ts"
import { tenant } from "../serve.ts"

const random = seededRandom(1)
const cases = Array.from({ length: 500 }, () => ({
  userId: Array.from({ length: 1 + random.below(6) }, () => random.pick(["a", "b", "ü", "😀", "\u0001", " "])).join(""),
  position: random.pick([1, random.below(1000), random.below(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER])
}))

describe("PositionCursor", () => {
  it("gives back the position it was made of, for its reading only", () => {
    for (const { position, userId } of cases) {
      const cursor = encodeCursor(tenant, ["events", userId], position)
      assert.match(cursor, /^[\w-]+$/)
      assert.strictEqual(decodeCursor(tenant, ["events", userId], cursor), position)
      for (
        const other of [["events", `${userId}x`], ["event", `s${userId}`], ["events", userId, ""], [userId, "events"], ["explain", userId]]
      ) {
        assert.isUndefined(decodeCursor(tenant, other, cursor))
      }
      assert.isUndefined(decodeCursor({ ...tenant, keyNamespace: "another" }, ["events", userId], cursor))
    }
  })

  it("is nothing if a character of it was changed, added or taken away", () => {
    const characters = [..."ABCXYZabcxyz0189-_+/= é"]
    for (const { position, userId } of cases) {
      const cursor = encodeCursor(tenant, ["events", userId], position)
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
        if (forgery !== cursor) assert.isUndefined(decodeCursor(tenant, ["events", userId], forgery), forgery)
      }
    }
  })
})
