import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { sliceCount } from "../../event-log/sliceOf.ts"
import type { Slice } from "../../values/Slice.ts"

/** The fewest slices that a chunk takes. */
const minSlices = 8
/**
 * After a chunk of more than `plenty` events the next one takes half as many slices, so that nobody
 * waits for long. After one of fewer than `few` it takes twice as many.
 */
const plenty = 1_500
const few = 750

/**
 * The part of the time to gather that a worker rests even if that has passed meanwhile: chunks
 * without a pause hold slices all the time. It does not rest once a slice has waited for `tooLong`
 * times the time to gather.
 */
const leastRest = 0.4
const tooLong = 2

/**
 * How many milliseconds events come together after the first of them: `many` after a chunk of more
 * than `few` events.
 */
export interface Gathering {
  readonly usual: number
  readonly many: number
  readonly few: number
}

/** As long however many there are. */
export const always = (time: number): Gathering => ({ usual: time, many: time, few: 0 })

/**
 * The slices that may have grown, in the order they were named, and how workers take them: no slice
 * is in two hands.
 */
export class SliceQueue {
  private readonly gathering: Gathering
  private gather: number
  private readonly clock: Clock.Clock
  /** With the time at which each was named. */
  private readonly waiting = new Map<Slice, number>()
  private readonly inHand = new Set<Slice>()
  /**
   * Of those in hand, the ones that have grown meanwhile, with the time at which each was named
   * again.
   */
  private readonly again = new Map<Slice, number>()
  /** Of those that wait, the ones of which a chunk left something. */
  private readonly leftOver = new Set<Slice>()
  private readonly nonEmpty = Latch.makeUnsafe(false)
  /**
   * Opened by the chunk after which nothing waits and nothing is in hand. The poll of the lag
   * closes it.
   */
  readonly drained = Latch.makeUnsafe(false)
  private width = sliceCount

  constructor(gathering: Gathering, clock: Clock.Clock) {
    this.gathering = gathering
    this.gather = gathering.usual
    this.clock = clock
  }

  add(slices: Iterable<Slice>): void {
    const now = this.clock.currentTimeMillisUnsafe()
    for (const slice of slices) {
      const named = this.inHand.has(slice) ? this.again : this.waiting
      if (!named.has(slice)) named.set(slice, now)
    }
    if (this.waiting.size > 0) this.nonEmpty.openUnsafe()
  }

  /**
   * Adds slices that a poll found behind, except those in hand: these may have caught up since, and
   * the next poll comes soon.
   */
  addSeen(slices: Iterable<Slice>): void {
    this.add([...slices].filter((slice) => !this.inHand.has(slice)))
  }

  /**
   * Waits until there are slices, for a second at most, and then lets events gather, unless a chunk
   * has left some.
   */
  readonly gathered: Effect.Effect<void> = Effect.suspend(() =>
    this.leftOver.size > 0 ? Effect.void : Effect.andThen(
      Effect.timeoutOption(this.nonEmpty.await, "1 second"),
      Effect.suspend(() => {
        if (this.waiting.size === 0 || this.leftOver.size > 0) return Effect.void
        // The oldest, or hardly younger: those that have grown in somebody's hand join behind the
        // others.
        const [named = 0] = this.waiting.values()
        const gathered = this.clock.currentTimeMillisUnsafe() - named
        const rest = Math.max(this.gather - gathered, gathered >= this.gather * tooLong ? 0 : this.gather * leastRest)
        return rest > 0 ? Effect.sleep(rest) : Effect.void
      })
    )
  )

  /** The slices of the next chunk, which are in the caller's hand until they are given back. */
  take(): ReadonlyArray<Slice> {
    const taken = [...this.waiting.keys()].slice(0, this.width)
    for (const slice of taken) {
      this.waiting.delete(slice)
      this.leftOver.delete(slice)
      this.inHand.add(slice)
    }
    if (this.waiting.size === 0) this.nonEmpty.closeUnsafe()
    return taken
  }

  /**
   * Takes back the slices of a chunk, with its number of events and the slices it did not finish.
   *
   * The further behind, the fewer slices the next chunk takes. A user's events of one chunk are one
   * row, so more events of a user in a chunk mean fewer rows.
   */
  giveBack(taken: ReadonlyArray<Slice>, left: ReadonlyArray<Slice>, events: number): void {
    this.gather = events > this.gathering.few ? this.gathering.many : this.gathering.usual
    if (taken.length === 0) return
    for (const slice of taken) this.inHand.delete(slice)
    for (const slice of left) this.leftOver.add(slice)
    this.add(left)
    for (const slice of taken) {
      const named = this.again.get(slice)
      if (named !== undefined && !this.waiting.has(slice)) this.waiting.set(slice, named)
      this.again.delete(slice)
    }
    if (this.waiting.size > 0) this.nonEmpty.openUnsafe()
    else if (events > 0 && this.inHand.size === 0) this.drained.openUnsafe()
    if (left.length > 0 || events > plenty) this.width = Math.max(minSlices, this.width >> 1)
    else if (events < few) this.width = Math.min(sliceCount, this.width << 1)
  }
}
