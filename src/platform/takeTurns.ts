import * as Effect from "effect/Effect"
import type { Steps } from "../values/steps.ts"

/** Does work in steps, and lets other fibers run between two steps. */
export const takeTurns = <A>(steps: Steps<A>): Effect.Effect<A> =>
  Effect.suspend(() => {
    const step = steps.next()
    return step.done === true ? Effect.succeed(step.value) : Effect.flatMap(Effect.yieldNow, () => takeTurns(steps))
  })
