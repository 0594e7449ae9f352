import * as Effect from "effect/Effect"
import type { Lagging } from "../feed/Checkpoints.ts"
import { agesEvery } from "./tuning.ts"

/**
 * How far behind the projections of a process are. Every number is `null` before it is measured.
 */
export interface LagStatus {
  /**
   * Events in the log that some projection has not folded yet; rankings have numbers of their own.
   */
  readonly lagEvents: number | null
  /** Age of the oldest such event in seconds; 0 without lag. */
  readonly lagSeconds: number | null
  /** The same for the projections that rank users: their events gather for some seconds. */
  readonly rankingLagEvents: number | null
  readonly rankingLagSeconds: number | null
  /** Users whose events some version of a projection could not fold. */
  readonly parkedUsers: number | null
  /** Versions of this code's catalog that are not fed: they wait for a rebuild. */
  readonly unfedVersions: number | null
}

/** The status before the first measurement. */
export const unmeasured: LagStatus = {
  lagEvents: null,
  lagSeconds: null,
  rankingLagEvents: null,
  rankingLagSeconds: null,
  parkedUsers: null,
  unfedVersions: null
}

/** Where a {@link LagMonitor} gets what the slices' positions do not tell. */
export interface LagSource<E> {
  /** Age in seconds of the oldest event that is left in these slices; 0 if none is. */
  readonly ageOfOldest: (lagging: ReadonlyArray<Lagging>) => Effect.Effect<number, E>
  readonly countParked: Effect.Effect<number, E>
}

const eventsIn = (lagging: ReadonlyArray<Lagging>): number => lagging.reduce((sum, { events }) => sum + events, 0)

/** Keeps the {@link LagStatus}, from the slices that were found behind. */
export class LagMonitor<E> {
  private readonly source: LagSource<E>
  private current: LagStatus = unmeasured
  private measurements = 0

  constructor(source: LagSource<E>) {
    this.source = source
  }

  status(): LagStatus {
    return this.current
  }

  /** The lag of the projections that rank nobody, in events; 0 before the first measurement. */
  get events(): number {
    return this.current.lagEvents ?? 0
  }

  /**
   * Notes how far the projections that rank nobody are behind, and gives the number of events.
   *
   * One call in `every`, and the first, also asks for the lag's age and the parked users.
   */
  measure(lagging: ReadonlyArray<Lagging>, every = agesEvery): Effect.Effect<number, E> {
    return Effect.gen({ self: this }, function*() {
      if (this.measurements++ % every === 0) {
        const lagSeconds = yield* this.source.ageOfOldest(lagging)
        const parkedUsers = yield* this.source.countParked
        this.current = { ...this.current, lagSeconds, parkedUsers }
      }
      const lagEvents = eventsIn(lagging)
      this.current = { ...this.current, lagEvents, lagSeconds: lagEvents === 0 ? 0 : this.current.lagSeconds }
      return lagEvents
    })
  }

  /** Notes how many versions are not fed. */
  noteUnfed(versions: number): void {
    this.current = { ...this.current, unfedVersions: versions }
  }

  /** Notes how far the projections that rank users are behind. */
  measureRankings(lagging: ReadonlyArray<Lagging>): Effect.Effect<void, E> {
    return Effect.map(this.source.ageOfOldest(lagging), (rankingLagSeconds) => {
      this.current = { ...this.current, rankingLagEvents: eventsIn(lagging), rankingLagSeconds }
    })
  }
}
