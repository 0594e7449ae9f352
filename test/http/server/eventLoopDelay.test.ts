import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { setTimeout } from "node:timers/promises"
import { eventLoopDelay } from "../../../src/http/server/eventLoopDelay.ts"
import { until } from "../../support/time/until.ts"

const block = (milliseconds: number) => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe("the delay of the event loop", () => {
  it.live("is that of the longest step since it was last asked, also of one that has just ended", () =>
    Effect.scoped(Effect.gen(function*() {
      const take = yield* eventLoopDelay
      yield* Effect.promise(() => setTimeout(30))
      take()
      block(120)
      assert.isAbove(take(), 0.1)
      // A pause of the machine is a delay, too.
      yield* until(() => take() < 0.05)
      block(120)
      yield* Effect.promise(() => setTimeout(30))
      block(80)
      yield* Effect.promise(() => setTimeout(30))
      assert.isAbove(take(), 0.1)
    })))
})
