import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { SliceGaps } from "../../../src/projections/runner/SliceGaps.ts"
import { gapPoll } from "../../../src/projections/runner/tuning.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"

/** Some gaps, the slices that were told to be whole again, and the lines of the log. */
const someGaps = (failures = 0) => {
  const closed: Array<number> = []
  const lines: Array<string> = []
  let left = failures
  const gaps = new SliceGaps((slice) =>
    Effect.suspend(() => {
      if (left-- > 0) return Effect.fail("the database is away")
      closed.push(slice)
      return Effect.void
    })
  )
  const log = Logger.layer([Logger.make(({ logLevel, message }) => lines.push(`${logLevel} ${String(message)}`))])
  return { gaps, closed, lines, run: <A>(effect: Effect.Effect<A>) => Effect.provide(effect, Layer.fresh(log)) }
}

describe("SliceGaps", () => {
  it.effect("logs a gap once, however often it is found, and again after it was closed", () => {
    const { gaps, lines, run } = someGaps()
    return run(Effect.gen(function*() {
      for (let times = 0; times < 3; times++) yield* gaps.gapsFound([{ slice: Slice(7), position: Position(12) }])
      assert.strictEqual(lines.filter((line) => line.startsWith("Fatal")).length, 1)
      assert.deepStrictEqual(gaps.list(), [{ slice: Slice(7), position: Position(12) }])
      yield* gaps.gapClosed([Slice(7)])
      yield* gaps.gapsFound([{ slice: Slice(7), position: Position(20) }])
      assert.deepStrictEqual(lines.map((line) => line.split(" ")[0]), ["Fatal", "Info", "Fatal"])
      assert.deepStrictEqual(gaps.list(), [{ slice: Slice(7), position: Position(20) }])
    }))
  })

  it.effect("tells once of each slice that is whole again, and of no slice that had no gap", () => {
    const { closed, gaps, run } = someGaps()
    return run(Effect.gen(function*() {
      yield* gaps.gapsFound([{ slice: Slice(1), position: Position(5) }, { slice: Slice(2), position: Position(6) }, {
        slice: Slice(3),
        position: Position(7)
      }])
      yield* gaps.gapClosed([Slice(1), Slice(99)])
      yield* gaps.gapClosed([Slice(1)])
      assert.deepStrictEqual(closed, [1])
      yield* gaps.onlyBehind([Slice(3), Slice(50)])
      assert.deepStrictEqual(closed, [1, 2])
      assert.deepStrictEqual([1, 2, 3].filter((slice) => gaps.has(Slice(slice))), [3])
    }))
  })

  it.effect("keeps a gap open until telling of its end has succeeded", () => {
    const { closed, gaps, run } = someGaps(1)
    return run(Effect.gen(function*() {
      yield* gaps.gapsFound([{ slice: Slice(4), position: Position(9) }])
      yield* gaps.gapClosed([Slice(4)])
      assert.deepStrictEqual([gaps.list(), closed], [[{ slice: 4, position: 9 }], []])
      yield* gaps.gapClosed([Slice(4)])
      assert.deepStrictEqual([gaps.list(), closed], [[], [4]])
    }))
  })

  it.effect("leaves slices with a gap out, but for one try after each interval", () => {
    const { gaps, run } = someGaps()
    return run(Effect.gen(function*() {
      yield* gaps.gapsFound([{ slice: Slice(1), position: Position(5) }])
      const tried = [0, 1, gapPoll - 1, gapPoll, gapPoll + 1, 2 * gapPoll].map((now) => gaps.worthFeeding([Slice(1), Slice(2)], now).length)
      assert.deepStrictEqual(tried, [2, 1, 1, 2, 1, 2])
    }))
  })
})
