import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Sink from "effect/Sink"
import * as Stdio from "effect/Stdio"
import { TestClock } from "effect/testing"
import { progressLine, rateLine, withProgress } from "../../src/cli/progress.ts"
import type { LogProgress } from "../../src/transfer/exportLog.ts"

const stderr = (isTerminal: boolean) => {
  const written: Array<string> = []
  const layer = Stdio.layerTest({
    stderrIsTerminal: Effect.succeed(isTerminal),
    stderr: () => Sink.forEach((text) => Effect.sync(() => written.push(String(text))))
  })
  return { written, layer }
}

/** A thousand events in two seconds, then nothing for two seconds. */
const work = (onProgress: (progress: LogProgress) => void) =>
  Effect.gen(function*() {
    for (let done = 0; done <= 1_000; done += 125) {
      onProgress({ done, total: 4_000 })
      yield* Effect.sleep("250 millis")
    }
    yield* Effect.sleep("2 seconds")
    return "done"
  })

describe("progress", () => {
  it("is told in one line", () => {
    assert.strictEqual(
      progressLine({ done: 1_234_567, total: 50_000_000 }, 182_000.4),
      "1,234,567 of 50,000,000 events  2 %  182,000/s  4 min 28 s left"
    )
    assert.strictEqual(progressLine({ done: 0, total: 7_200_000 }, 1_000), "0 of 7,200,000 events  0 %  1,000/s  2 h 0 min left")
    assert.strictEqual(progressLine({ done: 999, total: 1_000 }, 0), "999 of 1,000 events  99 %  0/s")
    assert.strictEqual(progressLine({ done: 0, total: 0 }, 0), "0 of 0 events  100 %  0/s")
    assert.strictEqual(rateLine(200_000, 3_200), "200,000 events in 3.2 s (62,500/s)")
    assert.strictEqual(rateLine(1, 0), "1 event in 0.0 s (1,000/s)")
  })

  it.effect("is drawn in place on a terminal, with the rate of the last seconds, and gone in the end", () =>
    Effect.gen(function*() {
      const { layer, written } = stderr(true)
      const running = yield* Effect.forkChild(Effect.provide(withProgress(work), layer))
      yield* TestClock.adjust("2100 millis")
      assert.strictEqual(written.at(-1), "\r\u001b[K1,000 of 4,000 events  25 %  500/s  6 s left")
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* Fiber.join(running), { value: "done", milliseconds: 4_250 })
      assert.strictEqual(written.at(-1), "\r\u001b[K")
      assert.isTrue(written.every((text) => text.startsWith("\r\u001b[K") && !text.includes("\n")))
    }))

  it.effect("is not shown where nobody looks", () =>
    Effect.gen(function*() {
      const { layer, written } = stderr(false)
      const running = yield* Effect.forkChild(Effect.provide(withProgress(work), layer))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(running)).value, "done")
      assert.deepStrictEqual(written, [])
    }))
})
