import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"

/**
 * How slices are fed: the most events in one chunk's transaction, the fewest and most slices, how long events gather after the first of them, and the
 * milliseconds after which a loop that has not come round is not running.
 */
export interface Pace {
  readonly maxEvents: number
  readonly minSlices: number
  readonly maxSlices: number
  readonly gather: Duration.Input
  readonly patience: number
}

/** The slices that may have grown, in the order they were named, and how a worker takes them. */
export class SliceQueue {
  readonly pace: Pace
  private readonly slices = new Set<number>()
  private readonly hurried = new Set<number>()
  private readonly nonEmpty = Latch.makeUnsafe(false)
  private readonly urgent = Latch.makeUnsafe(false)
  private isBehindNow = false
  private width: number
  private tookHurried = false

  constructor(pace: Pace) {
    this.pace = pace
    this.width = pace.maxSlices
  }

  /** Whether the last chunk left something: then nothing is to be waited for. */
  get isBehind(): boolean {
    return this.isBehindNow
  }

  add(slices: Iterable<number>): void {
    for (const slice of slices) this.slices.add(slice)
    if (this.slices.size > 0) this.nonEmpty.openUnsafe()
  }

  /** Has the slices taken next, at once and without the others: somebody waits for them. */
  hurry(slices: Iterable<number>): void {
    for (const slice of slices) this.hurried.add(slice)
    this.add(this.hurried)
    this.urgent.openUnsafe()
  }

  /** Ends when somebody is in a hurry, or after a while. */
  readonly atMost = (duration: Duration.Input): Effect.Effect<void> => Effect.asVoid(Effect.timeoutOption(this.urgent.await, duration))

  /** Waits until there are slices, for a second at most, and then lets events gather. */
  readonly gathered: Effect.Effect<void> = Effect.suspend(() =>
    this.isBehindNow ?
      Effect.void
      : Effect.andThen(
        Effect.timeoutOption(this.nonEmpty.await, "1 second"),
        Effect.suspend(() => this.slices.size === 0 ? Effect.void : this.atMost(this.pace.gather))
      )
  )

  /** The slices of the next chunk. */
  take(): ReadonlyArray<number> {
    this.tookHurried = this.hurried.size > 0
    const taken = [...this.tookHurried ? this.hurried : this.slices].slice(0, this.width)
    for (const slice of taken) {
      this.slices.delete(slice)
      this.hurried.delete(slice)
    }
    if (this.hurried.size === 0) this.urgent.closeUnsafe()
    if (this.slices.size === 0) this.nonEmpty.closeUnsafe()
    return taken
  }

  /**
   * Takes back the slices of which a chunk left something. The further behind, the fewer slices the next one takes: a user's events come together in one
   * row, so the more of them there are in a chunk, the fewer rows are written.
   */
  left(slices: ReadonlyArray<number>): void {
    this.add(slices)
    // The slices that somebody waited for say nothing about the others.
    if (this.tookHurried) return
    const { maxSlices, minSlices } = this.pace
    this.isBehindNow = slices.length > 0
    this.width = this.isBehindNow ? Math.max(minSlices, this.width >> 1) : maxSlices
  }
}
