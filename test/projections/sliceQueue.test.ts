import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { allSlices } from "../../src/event-log/sliceOf.ts"
import { SliceQueue } from "../../src/projections/SliceQueue.ts"

describe("SliceQueue", () => {
  it("takes fewer slices while chunks leave something, and many again afterwards", () => {
    const queue = new SliceQueue("1 second")
    const widths: Array<number> = []
    for (const isBehind of [true, true, true, true, true, false, false]) {
      queue.add(allSlices)
      const taken = queue.take()
      widths.push(taken.length)
      queue.left(isBehind ? taken.slice(0, 1) : [])
    }
    assert.deepStrictEqual(widths, [128, 64, 32, 16, 16, 16, 128])
  })

  it.effect("lets events gather, unless the last chunk left something", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue("10 seconds")
      queue.add([1])
      const gathering = yield* Effect.forkChild(queue.gathered, { startImmediately: true })
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(gathering.pollUnsafe())
      queue.add([2])
      yield* TestClock.adjust("1 second")
      assert.isDefined(gathering.pollUnsafe())

      assert.deepStrictEqual(queue.take(), [1, 2])
      queue.left([1])
      // Behind: the test's clock stands still.
      yield* queue.gathered
      assert.deepStrictEqual(queue.take(), [1])
    }))
})
