import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"

/** The fewest and the most slices that a chunk takes. */
const minSlices = 16
const maxSlices = 128

/** The slices that may have grown, in the order they were named, and how a worker takes them. */
export class SliceQueue {
  private readonly gather: Duration.Input
  private readonly slices = new Set<number>()
  private readonly nonEmpty = Latch.makeUnsafe(false)
  /** Whether the last chunk left something: then nothing is to be waited for. */
  private isBehind = false
  private width = maxSlices

  /** `gather` is how long events come together after the first of them. */
  constructor(gather: Duration.Input) {
    this.gather = gather
  }

  add(slices: Iterable<number>): void {
    for (const slice of slices) this.slices.add(slice)
    if (this.slices.size > 0) this.nonEmpty.openUnsafe()
  }

  /** Waits until there are slices, for a second at most, and then lets events gather. */
  readonly gathered: Effect.Effect<void> = Effect.suspend(() =>
    this.isBehind ? Effect.void : Effect.andThen(
      Effect.timeoutOption(this.nonEmpty.await, "1 second"),
      Effect.suspend(() => this.slices.size === 0 ? Effect.void : Effect.sleep(this.gather))
    )
  )

  /** The slices of the next chunk. */
  take(): ReadonlyArray<number> {
    const taken = [...this.slices].slice(0, this.width)
    for (const slice of taken) this.slices.delete(slice)
    if (this.slices.size === 0) this.nonEmpty.closeUnsafe()
    return taken
  }

  /**
   * Takes back the slices of which a chunk left something. The further behind, the fewer slices the next one takes: a user's events come together in one
   * row, so the more of them there are in a chunk, the fewer rows are written.
   */
  left(slices: ReadonlyArray<number>): void {
    this.add(slices)
    this.isBehind = slices.length > 0
    this.width = this.isBehind ? Math.max(minSlices, this.width >> 1) : maxSlices
  }
}
