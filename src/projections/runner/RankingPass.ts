import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import type { Slice } from "../../values/Slice.ts"
import type { Lagging } from "../feed/Checkpoints.ts"
import { packSlices } from "../feed/packSlices.ts"
import type { FedSlices } from "./ChunkFeeder.ts"
import { chunkBound, deferral, maxDeferrals, rankingPass } from "./tuning.ts"

/** What one pass has to do, and how it does it. */
export interface RankingWork {
  /** The slices that the rankings are behind in. */
  readonly lagging: ReadonlyArray<Lagging>
  /** Feeds one chunk of slices to the rankings. */
  readonly feed: (slices: ReadonlyArray<Slice>) => Effect.Effect<FedSlices>
}

/** What a {@link RankingPass} needs from its runner. */
export interface RankingPassOptions<E> {
  /** Finds the work of a pass. */
  readonly findWork: Effect.Effect<RankingWork, E>
  /** Whether a pass is due that nobody has asked for. */
  readonly isDue: () => boolean
  /** How many events the other projections are behind. */
  readonly othersBehind: () => number
  /** How many times as long as it took a pass rests, while the others have events to fold. */
  readonly rest: number
  /** Whether the log of a slice lacks a position. */
  readonly hasGap: (slice: Slice) => boolean
  /** Says that the loop is alive. */
  readonly heartbeat: Effect.Effect<void>
}

/**
 * Feeds the projections that rank users, in passes over all slices.
 *
 * A pass defers to the other projections while they are more than a chunk behind, and rests
 * afterwards, so that the counters never wait for the rankings. `tuning.ts` has the times.
 */
export class RankingPass<E> {
  private readonly options: RankingPassOptions<E>
  /** Open while somebody waits for the rankings. */
  private readonly requested = Latch.makeUnsafe(false)
  private deferrals = 0

  constructor(options: RankingPassOptions<E>) {
    this.options = options
  }

  /** Ends the rest or the deferral that the pass is in: somebody waits for the rankings. */
  request(): void {
    this.requested.openUnsafe()
  }

  /**
   * Does one pass, and rests.
   *
   * A pass that leaves events of a slice, as of a player with very many, does not rest: the next
   * pass looks again for what others have appended meanwhile, so nobody waits for the end of a long
   * slice.
   *
   * It only looks for work if no pass is due and nobody waits for one.
   */
  readonly run: Effect.Effect<void, E> = Effect.gen({ self: this }, function*() {
    const { findWork, hasGap, heartbeat, isDue } = this.options
    yield* this.defer
    const isRequested = this.requested.closeUnsafe()
    const { feed, lagging: found } = yield* findWork
    const lagging = isRequested || isDue() ? found : []
    const started = yield* Clock.currentTimeMillis
    let leftSome = false
    for (const slices of packSlices(lagging.filter(({ slice }) => !hasGap(slice)), rankingPass.bound.events)) {
      yield* this.defer
      const { events, more } = yield* feed(slices)
      leftSome ||= events > 0 && more.length > 0
    }
    if (lagging.length === 0) yield* heartbeat
    if (leftSome) return
    this.deferrals = 0
    yield* this.rest((yield* Clock.currentTimeMillis) - started)
  })

  /** Waits while the other projections are more than a chunk behind, but not without end. */
  private get defer(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      while (this.mustDefer()) {
        this.deferrals++
        yield* this.options.heartbeat
        if (yield* this.requestedWithin(deferral)) return
      }
    })
  }

  private mustDefer(): boolean {
    return this.options.othersBehind() > chunkBound.events && this.deferrals < maxDeferrals
  }

  /** Rests after a pass that took `worked` milliseconds. */
  private rest(worked: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const rest = Math.min(this.options.rest * worked, rankingPass.longestRest)
      for (let rested = 0; rested === 0 || (rested < rest && this.options.othersBehind() > 0); rested += rankingPass.gather) {
        if (yield* this.requestedWithin(rankingPass.gather)) return
      }
    })
  }

  private requestedWithin(time: number | typeof deferral): Effect.Effect<boolean> {
    return Effect.map(Effect.timeoutOption(this.requested.await, time), Option.isSome)
  }
}
