import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicClock, steadyTime } from "../../src/platform/monotonicClock.ts"

/** A clock that can be set. */
const settable = () => {
  const state = { wall: 1_000_000_000_000, passed: 0 }
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => state.wall + state.passed,
    currentTimeMillis: Effect.sync(() => state.wall + state.passed),
    currentTimeNanosUnsafe: () => BigInt(state.wall + state.passed) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(state.wall + state.passed) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(state.passed) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(state.passed) * 1_000_000n),
    sleep: () => Effect.void
  }
  return { clock, state }
}

describe("monotonicClock", () => {
  it.effect("begins with the date and goes on evenly when the clock is set back and forth", () => {
    const { clock, state } = settable()
    return Effect.gen(function*() {
      const steady = yield* monotonicClock
      for (const jump of [3_600_000, -90 * 86_400_000, 0]) {
        state.wall += jump
        state.passed += 5
      }
      assert.strictEqual(steady.currentTimeMillisUnsafe(), 1_000_000_000_015)
      assert.strictEqual(yield* steady.currentTimeMillis, 1_000_000_000_015)
    }).pipe(Effect.provideService(Clock.Clock, clock))
  })

  it.effect("keeps a cache no longer than it may, though the clock is set back", () => {
    const { clock, state } = settable()
    return Effect.gen(function*() {
      const steadily = yield* steadyTime
      let looks = 0
      const cached = steadily(yield* Effect.cachedWithTTL(Effect.sync(() => ++looks), "1 second"))
      assert.deepStrictEqual([yield* cached, yield* cached], [1, 1])
      state.wall -= 3_600_000
      state.passed += 1001
      assert.strictEqual(yield* cached, 2)
      state.wall += 7_200_000
      assert.strictEqual(yield* cached, 2)
    }).pipe(Effect.provideService(Clock.Clock, clock))
  })
})
