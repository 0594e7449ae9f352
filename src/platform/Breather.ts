import * as Effect from "effect/Effect"
import { sharedTurns } from "./EventLoopTurns.ts"

/** The milliseconds of synchronous work between two rests. */
const stretch = 3

/**
 * Paces long work of one fiber. All such work together keeps the process from other requests for
 * some milliseconds at most.
 */
export class Breather {
  private since = performance.now()

  /** Whether the others' turn has come. Ask after each small piece of work. */
  get isDue(): boolean {
    return performance.now() - this.since >= stretch
  }

  /** Lets the others go on. */
  readonly rest: Effect.Effect<void> = Effect.callback<void>((resume) =>
    sharedTurns.add(() => {
      this.since = performance.now()
      resume(Effect.void)
    })
  )
}
