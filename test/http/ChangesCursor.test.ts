import { assert, describe, it } from "@effect/vitest"
import { vectorOf } from "../../src/counters/SliceVector.ts"
import { decodeChangesCursor, encodeChangesCursor } from "../../src/http/ChangesCursor.ts"
import { seededRandom } from "../reference/random.ts"
import { tenant } from "./serve.ts"

const random = seededRandom(1)
const slices = Array.from({ length: 256 }, (_, slice) => slice)
const places = [
  vectorOf([]),
  vectorOf(slices.map((slice) => [slice, Number.MAX_SAFE_INTEGER])),
  ...Array.from(
    { length: 100 },
    () => vectorOf(slices.map((slice) => [slice, random.pick([0, 1, 127, 128, 16_383, 16_384, random.below(1e6), random.below(2 ** 53)])]))
  )
]

describe("ChangesCursor", () => {
  it("gives back the place it was made of, to its tenant only", () => {
    for (const place of places) {
      const cursor = encodeChangesCursor(tenant, place)
      assert.match(cursor, /^[\w-]+$/)
      assert.deepStrictEqual(decodeChangesCursor(tenant, cursor), place)
      assert.isUndefined(decodeChangesCursor({ ...tenant, keyNamespace: "another" }, cursor))
    }
  })

  it("fits into a URL", () => {
    assert.isAtMost(encodeChangesCursor(tenant, vectorOf(slices.map((slice) => [slice, 2 ** 28 - 1]))).length, 1400)
    for (const place of places) assert.isAtMost(encodeChangesCursor(tenant, place).length, 3000)
  })

  it("is nothing if a character of it was changed, added or taken away", () => {
    const characters = [..."ABCXYZabcxyz0189-_+/= é"]
    for (const place of places) {
      const cursor = encodeChangesCursor(tenant, place)
      const at = random.below(cursor.length)
      const other = random.pick(characters.filter((character) => character !== cursor[at]))
      const forgeries = [
        cursor.slice(0, at) + other + cursor.slice(at + 1),
        cursor.slice(0, at) + cursor.slice(at + 1),
        cursor + other,
        `${cursor}=`,
        ""
      ]
      for (const forgery of forgeries) if (forgery !== cursor) assert.isUndefined(decodeChangesCursor(tenant, forgery), forgery)
    }
  })
})
