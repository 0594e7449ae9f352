import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { sliceCount } from "../event-log/sliceOf.ts"

/** The fewest slices that a chunk takes. */
const minSlices = 8
/** A chunk of more events than this lets the next one take half as many slices, so that nobody waits for long; one of few, twice as many. */
const plenty = 1_500
const few = 750

/**
 * The part of the time to gather that a worker rests, even if that has passed meanwhile, as long as the last chunk took all that waited: chunks without a pause
 * hold slices all the time. Whoever is behind does not rest.
 */
const leastRest = 0.4

/** The slices that may have grown, in the order they were named, and how workers take them: no slice is in two hands. */
export class SliceQueue {
  private readonly gather: number
  private readonly clock: Clock.Clock
  private readonly waiting = new Set<number>()
  private readonly inHand = new Set<number>()
  /** Of those in hand, the ones that have grown meanwhile. */
  private readonly again = new Set<number>()
  /** Of those that wait, the ones of which a chunk left something. */
  private readonly leftOver = new Set<number>()
  private readonly nonEmpty = Latch.makeUnsafe(false)
  private width = sliceCount
  /** Whether the last chunk left slices waiting. */
  private isBehind = false
  /** When the first of those that wait, or have grown in somebody's hand, was named. */
  private since: number | undefined

  /** `gather` is how many milliseconds events come together after the first of them. */
  constructor(gather: number, clock: Clock.Clock) {
    this.gather = gather
    this.clock = clock
  }

  add(slices: Iterable<number>): void {
    for (const slice of slices) {
      ;(this.inHand.has(slice) ? this.again : this.waiting).add(slice)
      this.since ??= this.clock.currentTimeMillisUnsafe()
    }
    if (this.waiting.size > 0) this.nonEmpty.openUnsafe()
  }

  /** Waits until there are slices, for a second at most, and then lets events gather, unless a chunk has left some. */
  readonly gathered: Effect.Effect<void> = Effect.suspend(() =>
    this.leftOver.size > 0 ? Effect.void : Effect.andThen(
      Effect.timeoutOption(this.nonEmpty.await, "1 second"),
      Effect.suspend(() => {
        if (this.waiting.size === 0 || this.leftOver.size > 0) return Effect.void
        const gathered = this.clock.currentTimeMillisUnsafe() - (this.since ?? 0)
        const rest = Math.max(this.gather - gathered, this.isBehind ? 0 : this.gather * leastRest)
        return rest > 0 ? Effect.sleep(rest) : Effect.void
      })
    )
  )

  /** The slices of the next chunk, which are in the caller's hand until they are given back. */
  take(): ReadonlyArray<number> {
    const taken = [...this.waiting].slice(0, this.width)
    for (const slice of taken) {
      this.waiting.delete(slice)
      this.leftOver.delete(slice)
      this.inHand.add(slice)
    }
    this.isBehind = this.waiting.size > 0
    if (!this.isBehind) {
      this.nonEmpty.closeUnsafe()
      if (this.again.size === 0) this.since = undefined
    }
    return taken
  }

  /**
   * Takes back the slices of a chunk of so many events, and notes those of which it left something. The further behind, the fewer slices the next one takes: a
   * user's events come together in one row, so the more of them there are in a chunk, the fewer rows are written.
   */
  giveBack(taken: ReadonlyArray<number>, left: ReadonlyArray<number>, events: number): void {
    if (taken.length === 0) return
    const grown = [...left]
    for (const slice of taken) {
      this.inHand.delete(slice)
      if (this.again.delete(slice)) grown.push(slice)
    }
    for (const slice of left) this.leftOver.add(slice)
    this.add(grown)
    if (left.length > 0 || events > plenty) this.width = Math.max(minSlices, this.width >> 1)
    else if (events < few) this.width = Math.min(sliceCount, this.width << 1)
  }
}
