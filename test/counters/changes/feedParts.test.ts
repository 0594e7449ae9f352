import { assert, describe, it } from "@effect/vitest"
import { joinedPage, joinedPlace, placeIn, type SliceRange } from "../../../src/counters/changes/feedParts.ts"
import { type FeedPlace, nothingTold } from "../../../src/counters/changes/FeedPlace.ts"
import { vectorOf } from "../../../src/counters/changes/LogOffset.ts"
import { allSlices } from "../../../src/event-log/sliceOf.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { seededRandom } from "../../oracle/random.ts"

const random = seededRandom(3)

/** Ranges that have each slice once, cut at some of these slices. */
const rangesCutAt = (cuts: ReadonlyArray<number>): ReadonlyArray<SliceRange> => {
  const firsts = [0, ...cuts]
  return firsts.map((first, nth) => ({ first: Slice(first), last: Slice((firsts[nth + 1] ?? 256) - 1) }))
}
const anyCuts = () => [...new Set(Array.from({ length: random.below(6) }, () => 1 + random.below(255)))].sort((a, b) => a - b)

/** What a database has told of its range. */
const anyPlace = ({ first, last }: SliceRange): FeedPlace => ({
  positions: vectorOf(allSlices.slice(first, last + 1).map((slice) => [slice, Position(1 + random.below(1000))])),
  lineage: { history: random.below(9), tags: [BigInt(random.below(1e9))] },
  erasure: random.below(100),
  generation: random.below(1e9),
  ...random.chance(0.5) ? { walk: { upTo: random.below(1e9), after: "somebody" } } : {}
})

const stateOf = ({ further: _, positions: __, ...told }: FeedPlace) => told

describe("a place with several parts", () => {
  it("has the place of each part, and goes on in the halves of one that is split", () => {
    for (let round = 0; round < 200; round++) {
      const cuts = anyCuts()
      const parts = rangesCutAt(cuts).map((range) => ({ range, of: anyPlace(range) }))
      const place = joinedPlace(parts)
      for (const { of, range } of parts) assert.deepStrictEqual(placeIn(place, range), of)
      // Every slice is at the position that it had, whatever the ranges are cut into.
      const more = [...new Set([...cuts, ...anyCuts()])].sort((a, b) => a - b)
      const halves = rangesCutAt(more).map((range) => ({ range, of: placeIn(place, range) }))
      assert.deepStrictEqual(joinedPlace(halves).positions, place.positions)
      for (const { of, range } of halves) {
        const whole = parts.find((part) => part.range.first <= range.first && range.last <= part.range.last)
        assert.deepStrictEqual(stateOf(of), whole === undefined ? undefined : stateOf(whole.of))
        assert.isTrue(of.positions.every((position, slice) => position === 0 || (range.first <= slice && slice <= range.last)))
      }
    }
  })

  it("tells everything once more to ranges that were in no part", () => {
    const place = joinedPlace(rangesCutAt([100]).map((range) => ({ range, of: anyPlace(range) })))
    for (const range of [{ first: Slice(50), last: Slice(150) }, { first: Slice(0), last: Slice(255) }]) {
      assert.deepInclude(placeIn(place, range), { positions: vectorOf([]), erasure: 0, generation: nothingTold })
    }
  })

  it("has what each database tells of its own range, and the least generation that all have kept", () => {
    const ranges = rangesCutAt([100])
    const users = [50, 150].map((slice) => ({ user_id: UserId(`of ${slice}`), slice: Slice(slice), position: Position(1) }))
    const erased = [50, 150].map((slice) => ({ ref: `of ${slice}`, slice: Slice(slice) }))
    const slices = allSlices.map((slice) => ({ slice, position: Position(7) }))
    const pages = ranges.map((range, nth) => ({
      range,
      of: { kept: nth === 0 ? undefined : { generation: 5, slices }, erased, changes: users, next: anyPlace(range) }
    }))
    const page = joinedPage(pages)
    assert.deepStrictEqual(page.changes, users)
    assert.deepStrictEqual(page.erased, erased)
    assert.deepStrictEqual(page.kept, { generation: 5, slices: slices.slice(100) })
    const both = joinedPage(pages.map(({ of, range }, nth) => ({ range, of: { ...of, kept: { generation: 5 - nth, slices } } })))
    assert.deepStrictEqual(both.kept, { generation: 4, slices })
  })
})
