import { assert, describe, it } from "@effect/vitest"
import { createHmac } from "node:crypto"
import { type FeedPlace, nothingTold } from "../../../src/counters/changes/FeedPlace.ts"
import { vectorOf } from "../../../src/counters/changes/LogOffset.ts"
import { noHistory } from "../../../src/event-log/Lineage.ts"
import { decodeChangesCursor, encodeChangesCursor } from "../../../src/http/reading/ChangesCursor.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { seededRandom } from "../../oracle/random.ts"
import { beginning } from "../../support/events/beginning.ts"
import { tenant } from "../serve.ts"

const random = seededRandom(1)
const slices = Array.from({ length: 256 }, (_, slice) => Slice(slice))
const numbers = () => random.pick([0, 1, 127, 128, 16_383, 16_384, random.below(1e6), random.below(2 ** 53)])
const tag = () => BigInt.asIntN(64, (BigInt(random.below(2 ** 32)) << 32n) + BigInt(random.below(2 ** 32)))

const anyPlace = (): FeedPlace => ({
  positions: vectorOf(slices.map((slice) => [slice, Position(numbers())])),
  lineage: { history: numbers(), tags: Array.from({ length: random.below(9) }, tag) },
  erasure: numbers(),
  generation: random.chance(0.2) ? nothingTold : random.below(2 ** 42),
  ...random.chance(0.5)
    ? { walk: { upTo: Position(random.below(2 ** 42)), after: random.pick(["", "a", "\u{1f3b2}é", "x".repeat(256)]) } }
    : {}
})

const places: ReadonlyArray<FeedPlace> = [
  beginning,
  { ...beginning, positions: vectorOf(slices.map((slice) => [slice, Position(Number.MAX_SAFE_INTEGER)])) },
  ...Array.from({ length: 100 }, anyPlace)
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

  it("takes the cursor of a release that knew positions only, and tells everybody once", () => {
    const body = Buffer.from([...Array.from({ length: 255 }, () => 5), 0x80, 0x01])
    const signature = createHmac("sha256", tenant.keyNamespace).update("changes\0").update(body).digest().subarray(0, 10)
    assert.deepStrictEqual(decodeChangesCursor(tenant, Buffer.concat([body, signature]).toString("base64url")), {
      positions: vectorOf(slices.map((slice) => [slice, Position(slice === 255 ? 128 : 5)])),
      lineage: noHistory,
      erasure: 0,
      generation: nothingTold
    })
  })

  it("fits into a URL", () => {
    const usual: FeedPlace = {
      positions: vectorOf(slices.map((slice) => [slice, Position(2 ** 28 - 1)])),
      lineage: { history: 1000, tags: Array.from({ length: 8 }, tag) },
      erasure: 1e6,
      generation: Date.now()
    }
    assert.isAtMost(encodeChangesCursor(tenant, usual).length, 1500)
    assert.isAtMost(
      encodeChangesCursor(tenant, { ...usual, walk: { upTo: Position(Date.now()), after: "\u{1f3b2}".repeat(256) } }).length,
      3000
    )
    for (const place of places) assert.isAtMost(encodeChangesCursor(tenant, place).length, 3400)
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
