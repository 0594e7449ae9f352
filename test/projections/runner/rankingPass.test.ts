import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { RankingPass } from "../../../src/projections/runner/RankingPass.ts"
import { chunkBound, maxDeferrals, rankingPass } from "../../../src/projections/runner/tuning.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"

/**
 * A pass over slices with so many events each, each chunk of which takes `chunkTime` milliseconds.
 */
const somePass = (slices: ReadonlyArray<number>) => {
  const state = {
    others: 0,
    beats: 0,
    chunks: [] as Array<ReadonlyArray<number>>,
    chunkTime: 0,
    more: [] as ReadonlyArray<Slice>,
    ends: 0,
    isDue: true
  }
  const pass = new RankingPass({
    findWork: Effect.sync(() => ({
      lagging: slices.map((events, slice) => ({ slice: Slice(slice), events, position: Position(0) })),
      feed: (own: ReadonlyArray<number>) =>
        Effect.gen(function*() {
          yield* Effect.sleep(state.chunkTime)
          state.chunks.push(own)
          return { events: 1, more: state.more }
        })
    })),
    isDue: () => state.isDue,
    othersBehind: () => state.others,
    rest: rankingPass.rest,
    hasGap: (slice) => slice === 2,
    heartbeat: Effect.sync(() => {
      state.beats++
    })
  })
  const run = Effect.map(pass.run, () => state.ends++)
  return { pass, state, start: Effect.forkChild(run, { startImmediately: true }) }
}

/** How long until the pass has ended, to 100 ms. */
const timeToEnd = (state: { readonly ends: number }) =>
  Effect.gen(function*() {
    let time = 0
    for (const ends = state.ends; state.ends === ends && time < 100_000; time += 100) yield* TestClock.adjust(100)
    return time
  })

describe("RankingPass", () => {
  it.effect("packs whole slices into chunks, and leaves out those with a gap", () =>
    Effect.gen(function*() {
      const { state, start } = somePass([100, rankingPass.bound.events, 50, 100, 100])
      yield* start
      yield* timeToEnd(state)
      assert.deepStrictEqual(state.chunks, [[1], [0, 3, 4]])
    }))

  it.effect("feeds nothing that is not due, unless somebody waits for it", () =>
    Effect.gen(function*() {
      const { pass, start, state } = somePass([100])
      state.isDue = false
      yield* start
      yield* timeToEnd(state)
      assert.deepStrictEqual([state.chunks, state.beats], [[], 1])
      pass.request()
      yield* start
      yield* timeToEnd(state)
      assert.deepStrictEqual(state.chunks, [[0]])
    }))

  it.effect("rests for the usual time, longer after a long pass while others have something to do, and never too long", () =>
    Effect.gen(function*() {
      for (
        const [chunkTime, others, total] of [
          [0, 0, rankingPass.gather],
          [2_000, 0, 2_000 + rankingPass.gather],
          [1_000, 1, 1_000 + 2 * rankingPass.gather],
          [10_000, 1, 10_000 + rankingPass.longestRest]
        ] as const
      ) {
        const { state, start } = somePass([10])
        Object.assign(state, { chunkTime, others })
        yield* start
        assert.strictEqual(yield* timeToEnd(state), total)
      }
    }))

  it.effect("does not rest while a chunk leaves something, nor once somebody asks", () =>
    Effect.gen(function*() {
      const { pass, start, state } = somePass([10])
      state.more = [Slice(0)]
      yield* start
      yield* TestClock.adjust(0)
      assert.strictEqual(state.ends, 1)

      state.more = []
      yield* start
      yield* TestClock.adjust(1_000)
      assert.strictEqual(state.ends, 1)
      pass.request()
      yield* TestClock.adjust(0)
      assert.strictEqual(state.ends, 2)
    }))

  it.effect("defers to others that are far behind, alive, until they have caught up, somebody asks, or it has waited enough", () =>
    Effect.gen(function*() {
      const { pass, start, state } = somePass([10])
      state.others = chunkBound.events + 1
      yield* start
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual([state.chunks.length, state.beats], [0, 5])
      pass.request()
      yield* TestClock.adjust(0)
      // The request has ended one deferral: the chunk has one of its own.
      yield* TestClock.adjust(500 * maxDeferrals)
      assert.strictEqual(state.chunks.length, 1)
      assert.isAtMost(state.beats, maxDeferrals + 1)

      const other = somePass([10])
      other.state.others = chunkBound.events + 1
      yield* other.start
      yield* TestClock.adjust(1_000)
      other.state.others = chunkBound.events
      yield* TestClock.adjust(500)
      assert.strictEqual(other.state.chunks.length, 1)
    }))

  it.effect("is alive where there is nothing to rank", () =>
    Effect.gen(function*() {
      const { start, state } = somePass([])
      yield* start
      assert.deepStrictEqual([state.beats, state.chunks], [1, []])
    }))
})
