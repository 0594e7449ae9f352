import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

interface Loop {
  readonly name: string
  readonly patience: number
  lastBeat: number
}

/**
 * Knows which loops of a process still get something done.
 *
 * A loop beats after each round that succeeded. One that hangs, or fails again and again, has
 * stopped once its patience has passed.
 */
export class LoopWatch {
  private readonly clock: Clock.Clock
  private readonly loops: Array<Loop> = []

  constructor(clock: Clock.Clock) {
    this.clock = clock
  }

  /**
   * Watches a loop from now on, and gives the heartbeat for it to call.
   *
   * `patience` is the longest time between two beats of a loop that works, in milliseconds.
   */
  watch(name: string, patience: number): Effect.Effect<void> {
    const loop = { name, patience, lastBeat: this.clock.currentTimeMillisUnsafe() }
    this.loops.push(loop)
    return Effect.sync(() => {
      loop.lastBeat = this.clock.currentTimeMillisUnsafe()
    })
  }

  /** The names of the loops that have stopped. */
  stopped(): ReadonlyArray<string> {
    const now = this.clock.currentTimeMillisUnsafe()
    return this.loops.filter(({ lastBeat, patience }) => now - lastBeat >= patience).map(({ name }) => name)
  }
}
