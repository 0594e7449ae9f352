import * as Effect from "effect/Effect"
import type { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { LogGap } from "../feed/readChunk.ts"
import { gapPoll } from "./tuning.ts"

/**
 * The slices whose log lacks a position, as far as this process knows.
 *
 * Projections do not fold beyond a gap. The slice is tried again now and then, in case the log has
 * been mended by hand.
 */
export class SliceGaps {
  /** The missing position of each slice. */
  private readonly slicesWithGaps = new Map<Slice, Position>()
  private readonly onClosed: (slice: Slice) => Effect.Effect<unknown, unknown>
  private lastTry = Number.NEGATIVE_INFINITY

  /**
   * `onClosed` runs once for each slice whose log is whole again. If it fails, the gap counts as
   * open, and the next call of `gapClosed` runs it again.
   */
  constructor(onClosed: (slice: Slice) => Effect.Effect<unknown, unknown>) {
    this.onClosed = onClosed
  }

  list(): ReadonlyArray<LogGap> {
    return [...this.slicesWithGaps].map(([slice, position]) => ({ slice, position }))
  }

  has(slice: Slice): boolean {
    return this.slicesWithGaps.has(slice)
  }

  /** Remembers gaps, and logs each slice that had none before. */
  gapsFound(gaps: ReadonlyArray<LogGap>): Effect.Effect<void> {
    return Effect.forEach(gaps, ({ position, slice }) => {
      const isKnown = this.slicesWithGaps.has(slice)
      this.slicesWithGaps.set(slice, position)
      return isKnown ? Effect.void : Effect.logFatal("A slice of the log has a gap: its projections stand still").pipe(
        Effect.annotateLogs({ slice, position })
      )
    }, { discard: true })
  }

  /**
   * Forgets the gaps of slices that have been read to their end or beyond the gap, by whichever
   * process. Slices without a gap are left alone.
   */
  gapClosed(slices: Iterable<Slice>): Effect.Effect<void> {
    if (this.slicesWithGaps.size === 0) return Effect.void
    return Effect.forEach(slices, (slice) => {
      const position = this.slicesWithGaps.get(slice)
      if (position === undefined) return Effect.void
      this.slicesWithGaps.delete(slice)
      return Effect.logInfo("The gap in a slice of the log has been mended: its projections go on").pipe(
        Effect.annotateLogs({ slice }),
        Effect.andThen(this.onClosed(slice)),
        Effect.catch(() => Effect.sync(() => this.slicesWithGaps.set(slice, position)))
      )
    }, { discard: true })
  }

  /** Forgets the gaps of all slices but these, which are the only ones that are behind. */
  onlyBehind(slices: ReadonlyArray<Slice>): Effect.Effect<void> {
    return this.gapClosed([...this.slicesWithGaps.keys()].filter((slice) => !slices.includes(slice)))
  }

  /**
   * The slices that are worth feeding at `now`, in milliseconds: those without a gap, and every
   * `gapPoll` milliseconds those with one.
   */
  worthFeeding(slices: ReadonlyArray<Slice>, now: number): ReadonlyArray<Slice> {
    if (now - this.lastTry < gapPoll) return slices.filter((slice) => !this.has(slice))
    this.lastTry = now
    return slices
  }
}
