import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { PoolShare, shareOf } from "../../database/PoolShare.ts"
import { EventLogCorrupt } from "../../event-log/EventLog.ts"
import { allSlices } from "../../event-log/sliceOf.ts"
import type { Slice } from "../../values/Slice.ts"
import * as Checkpoints from "../feed/Checkpoints.ts"
import { feedIsolating, type FeedSource } from "../feed/feedChunk.ts"
import { packSlices } from "../feed/packSlices.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { ingestionPressure } from "./ingestionPressure.ts"
import { follow } from "./versions.ts"

/** How far a rebuild has come. Positions are dense, so `done` of `total` is exact. */
export interface RebuildProgress {
  /** Events of the slices rebuilt that are folded, by this run or an earlier one. */
  readonly done: number
  /** Events in those slices, as of the last look. */
  readonly total: number
  /** How long this process holds back for the sake of ingestion, as a part of its time. */
  readonly heldBack: number
}

export interface RebuildOptions {
  /**
   * The slices of a sample, which leaves the version to be rebuilt; without it all, also those that
   * get their first event meanwhile.
   */
  readonly slices?: ReadonlyArray<Slice>
  /** Called now and then. */
  readonly onProgress: (progress: RebuildProgress) => Effect.Effect<void>
}

/** Passes over what is left once that is less than a chunk. */
const mostLastPasses = 10
/**
 * Chunks at work at once: one folds while the rows of the others are read and written. Several
 * databases that are rebuilt together share them.
 */
const mostWorkers = 3
/** The most that is folded in memory and written in one transaction. */
export const rebuildBound = { events: 20_000, bytes: 20 * 1024 * 1024 }
/** The most events in one transaction where each event moves a user in several rankings. */
const rankedEvents = 5_000

/**
 * Rebuilds versions from one reading of the log, while everything else goes on
 * (docs/architecture.md#rebuilds).
 *
 * It goes through several slices at once. It folds each user's events of a chunk in memory, and
 * writes each row once per chunk, with the slice's checkpoint in the same transaction: a rebuild
 * that is killed goes on where it was. Once no slice is further behind than a chunk, it has the
 * versions fed with the others. It holds back while appends take long. It ends in `EventLogCorrupt`
 * where a position is missing.
 */
export const rebuild = (
  { log, sql }: FeedSource,
  stores: ReadonlyArray<ProjectionStore>,
  { onProgress, slices = allSlices }: RebuildOptions
): Effect.Effect<RebuildProgress, EventLogCorrupt | SqlError.SqlError> =>
  Effect.gen(function*() {
    const isRanked = stores.some(({ projection }) => projection.ranking !== undefined)
    const bound = isRanked ? { ...rebuildBound, events: rankedEvents } : rebuildBound
    const chunk = bound.events
    const feed = { sql, log, stores, bound }
    const pressure = yield* ingestionPressure(sql)
    const workers = shareOf(mostWorkers, { databases: yield* PoolShare, least: 1 })

    const rebuildSlices = Effect.fnUntraced(function*(some: ReadonlyArray<Slice>) {
      for (let left = some;;) {
        const started = yield* Clock.currentTimeMillis
        const { events, gaps: [gap], more } = yield* feedIsolating(feed, left)
        left = more
        if (gap !== undefined) {
          return yield* new EventLogCorrupt({
            message:
              `Position ${gap.position} is missing in slice ${gap.slice}: nothing after it can be folded. \`events verify\` shows all that is wrong.`
          })
        }
        yield* pressure.yieldAfter((yield* Clock.currentTimeMillis) - started)
        if (events === 0 || more.length === 0) return
      }
    })
    const places = Checkpoints.progressOf(sql, stores.map(({ projection }) => projection), slices)
    const progress = Effect.map(places, (places): RebuildProgress => ({
      done: places.reduce((sum, { done }) => sum + done, 0),
      total: places.reduce((sum, { total }) => sum + total, 0),
      heldBack: pressure.heldBack()
    }))
    const report = Effect.flatMap(progress, onProgress)

    let lastPasses = 0
    for (;;) {
      const lagging = (yield* places).filter(({ done, total }) => done < total)
        .map(({ done, slice, total }) => ({ slice, events: total - done }))
      // Small slices share a transaction, unless one of the workers would have nothing to do.
      const share = Math.ceil(lagging.reduce((sum, { events }) => sum + events, 0) / workers)
      yield* Effect.raceFirst(
        Effect.forEach(packSlices(lagging, Math.min(chunk, share)), rebuildSlices, { concurrency: workers, discard: true }),
        Effect.forever(Effect.andThen(report, Effect.sleep("500 millis")))
      )
      yield* report
      const { done, total } = yield* progress
      if (done === total) break
      // What is left has come meanwhile, or is in a slice that somebody held: the feed gets it, if
      // it does not go with a few more passes.
      if (total - done <= chunk) {
        if (++lastPasses > mostLastPasses) break
        yield* Effect.sleep("50 millis")
      }
    }
    const left = yield* sql`select 1 from slice_heads where position > 0 and slice <> all (${arrayOf.int2(slices)}::smallint[]) limit 1`
    if (left.length === 0) {
      yield* Effect.forEach(stores, ({ projection: { name, version } }) => follow(sql, name, version), { discard: true })
    }
    return yield* progress
  })
