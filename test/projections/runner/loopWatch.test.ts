import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { LoopWatch } from "../../../src/projections/runner/LoopWatch.ts"

it.effect("names each loop that has had no heartbeat for its own patience, until it has one again", () =>
  Effect.gen(function*() {
    const watch = new LoopWatch(yield* Clock.Clock)
    const quick = watch.watch("quick", 100)
    const slow = watch.watch("slow", 300)
    assert.deepStrictEqual(watch.stopped(), [])
    yield* TestClock.adjust(99)
    assert.deepStrictEqual(watch.stopped(), [])
    yield* TestClock.adjust(1)
    assert.deepStrictEqual(watch.stopped(), ["quick"])
    yield* TestClock.adjust(200)
    assert.deepStrictEqual(watch.stopped(), ["quick", "slow"])
    yield* quick
    assert.deepStrictEqual(watch.stopped(), ["slow"])
    yield* slow
    assert.deepStrictEqual(watch.stopped(), [])
  }))
