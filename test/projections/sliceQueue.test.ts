import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { sliceCount } from "../../src/event-log/sliceOf.ts"
import { SliceQueue } from "../../src/projections/SliceQueue.ts"
import { seededRandom } from "../reference/random.ts"

const all = Array.from({ length: sliceCount }, (_, slice) => slice)

describe("SliceQueue", () => {
  it("gives every slice its turn, however many others somebody waits for", () => {
    const queue = new SliceQueue("1 second")
    const random = seededRandom(3)
    queue.add(all)
    const untaken = new Set(all)
    for (let chunk = 0; chunk < 100; chunk++) {
      queue.hurry(all.filter((slice) => slice < 60 && random.chance(0.5)))
      const taken = queue.take()
      for (const slice of taken) untaken.delete(slice)
      // Behind all the time, so that chunks take as few slices as they ever do.
      queue.left(taken)
    }
    assert.deepStrictEqual([...untaken], [])
  })

  it("takes first what somebody waits for, alone, and at the latest in the chunk after the next", () => {
    const queue = new SliceQueue("1 second")
    queue.add(all)
    queue.hurry([200, 201])
    assert.deepStrictEqual(queue.take(), [200, 201])
    queue.left([])
    queue.hurry([202])
    assert.notInclude(queue.take(), 202)
    queue.left([])
    assert.deepStrictEqual(queue.take(), [202])
  })

  it("takes fewer slices while chunks leave something, and many again afterwards", () => {
    const queue = new SliceQueue("1 second")
    const widths: Array<number> = []
    for (const isBehind of [true, true, true, true, true, false, false]) {
      queue.add(all)
      const taken = queue.take()
      widths.push(taken.length)
      queue.left(isBehind ? taken.slice(0, 1) : [])
    }
    assert.deepStrictEqual(widths, [128, 64, 32, 16, 16, 16, 128])
  })

  it.effect("lets events gather, unless somebody waits or the last chunk left something", () =>
    Effect.gen(function*() {
      const queue = new SliceQueue("10 seconds")
      queue.add([1])
      const gathering = yield* Effect.forkChild(queue.gathered, { startImmediately: true })
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(gathering.pollUnsafe())
      queue.hurry([2])
      yield* TestClock.adjust("1 millis")
      assert.isDefined(gathering.pollUnsafe())

      assert.deepStrictEqual(queue.take(), [2])
      queue.left([])
      queue.left(queue.take())
      // Behind: the test's clock stands still.
      yield* queue.gathered
    }))
})
