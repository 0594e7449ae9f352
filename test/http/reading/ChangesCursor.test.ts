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

const anyTold = (mostTags = 8) => ({
  lineage: { history: numbers(), tags: Array.from({ length: random.below(mostTags + 1) }, tag) },
  erasure: numbers(),
  generation: random.chance(0.2) ? nothingTold : random.below(2 ** 42),
  ...random.chance(0.5)
    ? { walk: { upTo: Position(random.below(2 ** 42)), after: random.pick(["", "a", "\u{1f3b2}é", "x".repeat(256)]) } }
    : {}
})

const anyPlace = (): FeedPlace => ({ positions: vectorOf(slices.map((slice) => [slice, Position(numbers())])), ...anyTold() })

/** A place of a log in several databases. */
const anyParts = (count: number): FeedPlace => {
  const mostTags = Math.max(2, Math.min(8, Math.floor(64 / count)))
  const firsts = Array.from({ length: count - 1 }, (_, nth) => Math.floor(((nth + 1) * 256) / count))
  return {
    ...anyPlace(),
    ...anyTold(mostTags),
    further: firsts.map((first) => ({ first: Slice(first), ...anyTold(mostTags) }))
  }
}

const places: ReadonlyArray<FeedPlace> = [
  beginning,
  { ...beginning, positions: vectorOf(slices.map((slice) => [slice, Position(Number.MAX_SAFE_INTEGER)])) },
  ...Array.from({ length: 100 }, anyPlace)
]
const severalParts = Array.from({ length: 60 }, () => anyParts(random.pick([2, 3, 8, 32, 256])))

/** The cursor with these bytes. */
const cursorOf = (bytes: ReadonlyArray<number>): string => {
  const body = Buffer.from(bytes)
  const signature = createHmac("sha256", tenant.keyNamespace).update("changes\0").update(body).digest().subarray(0, 10)
  return Buffer.concat([body, signature]).toString("base64url")
}

describe("ChangesCursor", () => {
  it("gives back the place it was made of, to its tenant only", () => {
    for (const place of [...places, ...severalParts]) {
      const cursor = encodeChangesCursor(tenant, place)
      assert.match(cursor, /^[\w-]+$/)
      assert.deepStrictEqual(decodeChangesCursor(tenant, cursor), place)
      assert.isUndefined(decodeChangesCursor({ ...tenant, keyNamespace: "another" }, cursor))
    }
  })

  it("takes the cursor of a release that knew positions only, and tells everybody once", () => {
    const cursor = cursorOf([...Array.from({ length: 255 }, () => 5), 0x80, 0x01])
    assert.deepStrictEqual(decodeChangesCursor(tenant, cursor), {
      positions: vectorOf(slices.map((slice) => [slice, Position(slice === 255 ? 128 : 5)])),
      lineage: noHistory,
      erasure: 0,
      generation: nothingTold
    })
  })

  it("has the same bytes as ever for a log in one database, and more where it is in several", () => {
    const positions = vectorOf(slices.map((slice) => [slice, Position(slice === 255 ? 128 : 5)]))
    const told = { lineage: { history: 3, tags: [1n, -1n] }, erasure: 2, generation: 9 }
    const bytes = [...Array.from({ length: 255 }, () => 5), 0x80, 0x01]
    const toldBytes = [3, 2, 0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 2, 10]
    const walk = { upTo: 300, after: "é" }
    assert.strictEqual(encodeChangesCursor(tenant, { positions, ...told }), cursorOf([...bytes, ...toldBytes]))
    assert.strictEqual(
      encodeChangesCursor(tenant, { positions, ...told, walk }),
      cursorOf([...bytes, ...toldBytes, 0xac, 0x02, 0xc3, 0xa9])
    )
    assert.strictEqual(
      encodeChangesCursor(tenant, { positions, ...told, further: [{ first: Slice(100), ...told, walk }] }),
      cursorOf([0x80, 0, ...bytes, 2, 0, ...toldBytes, 0, 100, ...toldBytes, 0xad, 0x02, 2, 0xc3, 0xa9])
    )
  })

  it("takes none whose parts are not whole", () => {
    for (const place of severalParts) {
      const body = Buffer.from(encodeChangesCursor(tenant, place), "base64url").subarray(0, -10)
      assert.isUndefined(decodeChangesCursor(tenant, cursorOf([...body, 1])))
      const shorter = decodeChangesCursor(tenant, cursorOf([...body.subarray(0, -1)]))
      // A part may end with the id of a user, which is as good a place when it is shorter.
      if (place.further?.at(-1)?.walk === undefined) assert.isUndefined(shorter)
    }
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
    const { positions: _, ...told } = usual
    const parted = (count: number) => {
      const parts = slices.slice(1, count).map((first) => ({ first, ...told, walk: { upTo: Date.now(), after: "x".repeat(36) } }))
      return encodeChangesCursor(tenant, { ...usual, further: parts }).length
    }
    assert.isAtMost(parted(4), 2000)
    assert.isAtMost(parted(16), 3800)
    assert.isAtMost(parted(64), 8500)
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
