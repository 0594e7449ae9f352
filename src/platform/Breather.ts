import * as Effect from "effect/Effect"
import { sharedTurns } from "./EventLoopTurns.ts"

/** Milliseconds of synchronous work between two rests. */
const stretch = 3

/**
 * Paces long work of one fiber.
 *
 * All such work together delays other requests by some milliseconds at most.
 */
export class Breather {
  private since = performance.now()

  /** Whether it is time to rest. Ask after each small piece of work. */
  get isDue(): boolean {
    return performance.now() - this.since >= stretch
  }

  /** Lets other work of the thread run. */
  readonly rest: Effect.Effect<void> = Effect.callback<void>((resume) =>
    sharedTurns.add(() => {
      this.since = performance.now()
      resume(Effect.void)
    })
  )
}
