import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { allSlices } from "../../../src/event-log/sliceOf.ts"
import { always, SliceQueue } from "../../../src/projections/runner/SliceQueue.ts"
import { Slice } from "../../../src/values/Slice.ts"

describe("SliceQueue", () => {
  it.effect("takes fewer slices while chunks are large or leave something, and more again afterwards", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue(always(1000), yield* Clock.Clock)
      const widths: Array<number> = []
      for (const chunk of ["behind", "large", "behind", "behind", "behind", "middling", "small", "small"]) {
        queue.add(allSlices)
        const taken = queue.take()
        widths.push(taken.length)
        queue.giveBack(
          taken,
          chunk === "behind" ? taken.slice(0, 1) : [],
          { behind: 1000, large: 2000, middling: 1000, small: 100 }[chunk] ?? 0
        )
      }
      assert.deepStrictEqual(widths, [256, 128, 64, 32, 16, 8, 8, 16])
    }))

  it.effect("gives no slice into two hands, and forgets none that grows meanwhile", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue(always(1000), yield* Clock.Clock)
      queue.add([Slice(1), Slice(2)])
      assert.deepStrictEqual(queue.take(), [Slice(1), Slice(2)])
      queue.add([Slice(2), Slice(3)])
      assert.deepStrictEqual(queue.take(), [Slice(3)])
      assert.deepStrictEqual(queue.take(), [])
      queue.giveBack([Slice(1), Slice(2)], [Slice(1)], 10)
      assert.deepStrictEqual(queue.take(), [Slice(1), Slice(2)])
      queue.giveBack([Slice(1), Slice(2)], [], 10)
      assert.deepStrictEqual(queue.take(), [])
    }))

  it.effect("is drained once nothing waits and nothing is in hand, which a look at slices in hand does not put off", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue(always(1000), yield* Clock.Clock)
      queue.add([Slice(1)])
      const first = queue.take()
      queue.add([Slice(2)])
      const second = queue.take()
      queue.addSeen([Slice(1), Slice(2)])
      queue.giveBack(first, [], 10)
      const drained = yield* Effect.forkChild(queue.drained.await, { startImmediately: true })
      assert.isUndefined(drained.pollUnsafe())
      queue.giveBack(second, [], 10)
      yield* Effect.yieldNow
      assert.isDefined(drained.pollUnsafe())

      queue.drained.closeUnsafe()
      queue.addSeen([Slice(1)])
      const third = queue.take()
      assert.deepStrictEqual(third, [Slice(1)])
      queue.giveBack(third, [], 0)
      const again = yield* Effect.forkChild(queue.drained.await, { startImmediately: true })
      yield* Effect.yieldNow
      // A chunk of nothing is no news.
      assert.isUndefined(again.pollUnsafe())
    }))

  it.effect("lets events gather, unless the last chunk left something", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue(always(10_000), yield* Clock.Clock)
      queue.add([Slice(1)])
      const gathering = yield* Effect.forkChild(queue.gathered, { startImmediately: true })
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(gathering.pollUnsafe())
      queue.add([Slice(2)])
      yield* TestClock.adjust("1 second")
      assert.isDefined(gathering.pollUnsafe())

      assert.deepStrictEqual(queue.take(), [Slice(1), Slice(2)])
      queue.giveBack([Slice(1), Slice(2)], [Slice(1)], 10)
      // Behind: the test's clock stands still.
      yield* queue.gathered
      assert.deepStrictEqual(queue.take(), [Slice(1)])
    }))

  it.effect("lets events gather longer while chunks are large, and a single event no longer than usual", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue({ usual: 1_000, many: 4_000, few: 200 }, yield* Clock.Clock)
      for (const [events, seconds] of [[0, 1], [201, 4], [200, 1]] as const) {
        queue.add([Slice(1)])
        queue.giveBack(queue.take(), [], events)
        queue.add([Slice(1)])
        const gathering = yield* Effect.forkChild(queue.gathered, { startImmediately: true })
        yield* TestClock.adjust(seconds * 1_000 - 1)
        assert.isUndefined(gathering.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.isDefined(gathering.pollUnsafe())
      }
    }))

  it.effect("counts the time in somebody's hand as time to gather", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue(always(10_000), yield* Clock.Clock)
      queue.add([Slice(1)])
      const taken = queue.take()
      yield* TestClock.adjust("1 second")
      queue.add([Slice(1)])
      yield* TestClock.adjust("5 seconds")
      queue.giveBack(taken, [], 10)
      const gathering = yield* Effect.forkChild(queue.gathered, { startImmediately: true })
      yield* TestClock.adjust("4 seconds")
      assert.isUndefined(gathering.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.isDefined(gathering.pollUnsafe())
    }))

  it.effect("rests for a while even if enough has gathered", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue(always(10_000), yield* Clock.Clock)
      queue.add([Slice(1)])
      yield* TestClock.adjust("19 seconds")
      const gathering = yield* Effect.forkChild(queue.gathered, { startImmediately: true })
      yield* TestClock.adjust("3 seconds")
      assert.isUndefined(gathering.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.isDefined(gathering.pollUnsafe())
    }))

  it.effect("does not rest once a slice has waited for twice the time to gather", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue(always(10_000), yield* Clock.Clock)
      queue.add([Slice(1)])
      // The test's clock stands still meanwhile.
      const rests = Effect.map(
        Effect.forkChild(queue.gathered, { startImmediately: true }),
        (resting) => resting.pollUnsafe() === undefined
      )
      yield* TestClock.adjust("20 seconds")
      assert.isFalse(yield* rests)
      const taken = queue.take()
      queue.add([Slice(1)])
      yield* TestClock.adjust("20 seconds")
      queue.giveBack(taken, [], 1_000)
      assert.isFalse(yield* rests)
      queue.take()
      queue.add([Slice(2)])
      assert.isTrue(yield* rests)
    }))
})
