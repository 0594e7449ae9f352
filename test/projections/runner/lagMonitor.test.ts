import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { LagMonitor, unmeasured } from "../../../src/projections/runner/LagMonitor.ts"
import { agesEvery } from "../../../src/projections/runner/tuning.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"

const lagging = (...events: ReadonlyArray<number>) =>
  events.map((events, slice) => ({ slice: Slice(slice), position: Position(10), events }))

describe("LagMonitor", () => {
  it.effect("knows nothing at first, then counts each time, and asks for ages and parked users now and then", () =>
    Effect.gen(function*() {
      let asked = 0
      const lag = new LagMonitor({ ageOfOldest: () => Effect.sync(() => ++asked), countParked: Effect.sync(() => 100 + asked) })
      assert.deepStrictEqual(lag.status(), unmeasured)
      assert.strictEqual(lag.events, 0)
      for (let nth = 1; nth <= agesEvery; nth++) assert.strictEqual(yield* lag.measure(lagging(nth, 5)), nth + 5)
      assert.deepStrictEqual(lag.status(), { ...unmeasured, lagEvents: agesEvery + 5, lagSeconds: 1, parkedUsers: 101 })
      yield* lag.measure(lagging(1))
      assert.deepStrictEqual(lag.status(), { ...unmeasured, lagEvents: 1, lagSeconds: 2, parkedUsers: 102 })
    }))

  it.effect("has no age without lag, also between two questions", () =>
    Effect.gen(function*() {
      const lag = new LagMonitor({ ageOfOldest: () => Effect.succeed(30), countParked: Effect.succeed(0) })
      yield* lag.measure(lagging(3))
      assert.strictEqual(lag.status().lagSeconds, 30)
      yield* lag.measure([])
      assert.strictEqual(lag.status().lagSeconds, 0)
    }))

  it.effect("keeps the rankings' lag apart, and what it knew where the database fails", () =>
    Effect.gen(function*() {
      let isAway = false
      const ageOfOldest = () => Effect.suspend(() => isAway ? Effect.fail("away") : Effect.succeed(4))
      const lag = new LagMonitor({ ageOfOldest, countParked: Effect.succeed(2) })
      yield* lag.measureRankings(lagging(70, 7))
      yield* lag.measure(lagging(5))
      const before = lag.status()
      assert.deepStrictEqual(before, {
        ...unmeasured,
        lagEvents: 5,
        lagSeconds: 4,
        rankingLagEvents: 77,
        rankingLagSeconds: 4,
        parkedUsers: 2
      })
      isAway = true
      assert.strictEqual(yield* Effect.flip(lag.measureRankings([])), "away")
      assert.deepStrictEqual(lag.status(), before)
    }))
})
