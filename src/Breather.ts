import * as Effect from "effect/Effect"

/** The milliseconds of synchronous work between two rests: half of what anybody may have to wait for. */
const stretch = 5

/** Paces long work of one fiber, so that it never keeps the process from other requests for more than some milliseconds. */
export class Breather {
  private since = performance.now()

  /** Whether the others' turn has come. Ask after each small piece of work. */
  get isDue(): boolean {
    return performance.now() - this.since >= stretch
  }

  /** Lets the others go on. */
  readonly rest: Effect.Effect<void> = Effect.map(Effect.yieldNow, () => {
    this.since = performance.now()
  })
}
