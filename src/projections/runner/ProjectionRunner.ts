import { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import type { SqlError } from "effect/sql"
import { unavailable } from "../../database/DatabaseUnavailable.ts"
import { Migrations } from "../../database/Migrations.ts"
import { AppendSignal } from "../../event-log/AppendSignal.ts"
import { EventLog } from "../../event-log/EventLog.ts"
import type { ReadBound } from "../../event-log/RecordedEvent.ts"
import { allSlices } from "../../event-log/sliceOf.ts"
import { inSteadyTime } from "../../platform/monotonicClock.ts"
import { Caution, isAlone, portionOf } from "../feed/Caution.ts"
import { ageOfOldest, behind, type Lagging } from "../feed/checkpoints.ts"
import { feedIsolating } from "../feed/feedChunk.ts"
import { addGeneration } from "../feed/generations.ts"
import { packSlices } from "../feed/packSlices.ts"
import { countParked } from "../feed/parkedUsers.ts"
import type { LogGap } from "../feed/readChunk.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { ProjectionCatalog } from "../versions/ProjectionCatalog.ts"
import { Pulse } from "./Pulse.ts"
import { SliceQueue } from "./SliceQueue.ts"

/** How a process's projections are doing. */
export interface RunnerStatus {
  /** The versions that are fed, as of the last look: `casino v1`. */
  readonly versions: ReadonlyArray<string>
  /**
   * False once a loop has got nothing done for some seconds: the database hangs, or a chunk fails
   * again and again.
   */
  readonly running: boolean
  /** Positions that are missing in the log: the projections of these slices stand still. */
  readonly gaps: ReadonlyArray<LogGap>
  /**
   * Events in the log that some projection has not folded yet, as of the last look; those that rank
   * users apart. `null` before the first look.
   */
  readonly lagEvents: number | null
  /** Age of the oldest of them in seconds; 0 without lag. */
  readonly lagSeconds: number | null
  /** The same of the projections that rank users: their events gather for some seconds. */
  readonly rankingLagEvents: number | null
  readonly rankingLagSeconds: number | null
  /** Users whose events some version of a projection could not fold, as of the last look. */
  readonly parkedUsers: number | null
}

/** Of what nothing has been measured yet. */
export const unmeasured = { lagEvents: null, lagSeconds: null, rankingLagEvents: null, rankingLagSeconds: null, parkedUsers: null }

/**
 * Chunks at work at once, besides those of slices that somebody waits for: one folds while the rows
 * of the other are read and written. More are no faster on two cores, and each holds its slices for
 * longer.
 */
const workers = 2
/**
 * The most in one chunk's transaction. Half of the bytes are for small payloads and half for the
 * others, and a parsed payload takes up to 28 times its bytes: four chunks at once, one of them
 * with large payloads, fit into the thread's 512 MB whatever is in them. Usual events have a
 * quarter of these bytes.
 */
const chunkBound = { events: 5_000, bytes: 5 * 1024 * 1024 }
/** How many milliseconds events gather after the first of them. */
const gather = 250
/**
 * For the projections that rank users: an event moves a user in several rankings and periods, a row
 * each. What has gathered of a user since the last sweep over all slices is written once, and the
 * more a sweep has to do, the more gathers until the next: it rests `gather` milliseconds, and
 * `rest` times as long as it took, up to `longestRest` milliseconds, while the other projections
 * have something to do. Its chunks are small, for a strong reading waits for whatever its thread
 * folds in one go. A sweep that leaves something of a slice, as of a player with very many events,
 * is followed by the next at once.
 */
const sweeps = { bound: { events: 4_000, bytes: 5 * 1024 * 1024 }, gather: 5_000, rest: 9, longestRest: 30_000 }
/**
 * How many times in all a sweep waits half a second for the other projections while they are more
 * than a chunk behind.
 */
const deference = 40
/**
 * How often every slice is looked at, for what other processes have appended; and how soon again
 * when nothing is left to feed after the last look saw more than a few events behind, so that
 * whoever waits for that hears of it. Of a few nobody has to hear sooner: each look takes some
 * milliseconds from those who send.
 */
const poll = { rest: "200 millis", least: "50 millis", few: 1_000 } as const
/**
 * One of so many looks also finds out how old the lag is, and who is parked, which is asked of the
 * events and users themselves.
 */
const agesEvery = 4
/**
 * How often, in milliseconds, a slice with a hole is tried again: what follows the hole is read for
 * nothing each time.
 */
const holePoll = 2_000

/**
 * The milliseconds after which a loop that has not come round, or has failed each time, is not
 * running.
 */
export const RunnerPatience = Context.Reference<number>("playtally/projections/RunnerPatience", { defaultValue: () => 10_000 })

const ranks = ({ projection }: ProjectionStore): boolean => projection.ranking !== undefined

/**
 * Feeds the catalog from the log, exactly once with any number of processes
 * (docs/architecture.md#the-feed). All projections are fed from one reading of the log: a page is
 * read, parsed and committed once, not once for each. Woken after an append of this process, and
 * looking by itself for those of others. Projections that rank users are fed apart, by a worker of
 * their own at its own pace, so that the others never wait for them.
 */
export class ProjectionRunner extends Context.Service<ProjectionRunner, {
  readonly status: () => RunnerStatus
  /**
   * Asks for these slices to be fed at once to some projections; without names to all but those
   * that rank users. For those who wait for a position.
   */
  readonly feedNow: (slices: ReadonlyArray<number>, projections?: ReadonlyArray<string> | undefined) => void
  /** What ends with the next chunk to be committed after this call. */
  readonly nextChunk: () => Effect.Effect<void>
}>()("playtally/projections/ProjectionRunner") {
  static readonly layer = Layer.effect(
    ProjectionRunner,
    inSteadyTime(Effect.gen(function*() {
      yield* Migrations
      const catalog = yield* ProjectionCatalog
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const signal = yield* AppendSignal
      let stores = yield* unavailable("ProjectionRunner")(catalog.following)
      const patience = yield* RunnerPatience
      const clock = yield* Clock.Clock
      const caution = yield* Caution
      const oneAtATime = yield* Semaphore.make(1)
      const queue = new SliceQueue(gather, clock)
      /**
       * What somebody waits for has a worker of its own, so that it waits for nothing but the chunk
       * it may be part of.
       */
      const express = new SliceQueue(0, clock)
      const queues = [...Array.from({ length: workers }, () => queue), express]
      signal.subscribe((slices) => queue.add(slices))
      queue.add(allSlices)
      /** Open while somebody waits for the rankings. */
      const sweepNow = Latch.makeUnsafe(false)

      let seen: Omit<RunnerStatus, "versions" | "running" | "gaps"> = unmeasured
      // The one that ranks users rests, and its chunks are larger.
      const patiences = [...Array.from({ length: workers + 2 }, () => patience), sweeps.longestRest + sweeps.gather + 2 * patience]
      const [lookAt, sweepAt] = [workers + 1, workers + 2]
      const rounds = patiences.map(() => Number.MAX_SAFE_INTEGER)
      const fed = new Pulse()

      const cameRound = (index: number) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          rounds[index] = now
        })
      /** The positions that are missing, by slice. */
      const holed = new Map<number, number>()
      const setAside = (gaps: ReadonlyArray<LogGap>) =>
        Effect.forEach(gaps, ({ position, slice }) => {
          const isKnown = holed.has(slice)
          holed.set(slice, position)
          return isKnown ? Effect.void : Effect.logFatal("A slice of the log has a hole: its projections stand still").pipe(
            Effect.annotateLogs({ slice, position })
          )
        }, { discard: true })

      /** Of slices whose log has been mended since, by whichever process fed them. */
      const takeBack = (slices: Iterable<number>) =>
        Effect.forEach(Array.from(slices, (slice) => [slice, holed.get(slice)] as const), ([slice, position]) => {
          if (position === undefined) return Effect.void
          holed.delete(slice)
          return Effect.logInfo("The hole in a slice of the log has been mended: its projections go on").pipe(
            Effect.annotateLogs({ slice }),
            // Nobody knows what was put into the log by hand, or where.
            Effect.andThen(sql.withTransaction(addGeneration(sql, { slice }))),
            Effect.catch(() => Effect.sync(() => holed.set(slice, position)))
          )
        }, { discard: true })

      /**
       * Feeds a chunk to some of the projections, for the loop with that index. Gives the slices of
       * which there may be more, and how many events there were.
       */
      const feed = Effect.fnUntraced(
        function*(index: number, fedStores: ReadonlyArray<ProjectionStore>, slices: ReadonlyArray<number>, most: ReadBound) {
          if (slices.length === 0 || fedStores.length === 0) {
            yield* cameRound(index)
            return { events: 0, more: [] }
          }
          const bound = portionOf(caution, most)
          const exit = yield* Effect.exit(
            isAlone(caution) ? feedAlone(fedStores, slices) : feedIsolating({ sql, log, stores: fedStores, bound, caution }, slices)
          )
          if (Exit.isSuccess(exit)) {
            const { events, holes, more, reached } = exit.value
            yield* setAside(holes)
            yield* takeBack(reached.filter((slice) => holes.every((hole) => hole.slice !== slice)))
            if (events > 0) fed.beat()
            yield* cameRound(index)
            return { events, more }
          }
          yield* Effect.logError("Projections could not be fed; trying again").pipe(
            Effect.annotateLogs({ cause: Cause.pretty(exit.cause) })
          )
          yield* Effect.sleep("1 second")
          return { events: 0, more: slices }
        }
      )
      /**
       * After a thread has died for the memory of some few events: the next event of one slice,
       * while no other chunk is at work, so that it is known whose fault it is.
       */
      const feedAlone = Effect.fnUntraced(
        function*(fedStores: ReadonlyArray<ProjectionStore>, slices: ReadonlyArray<number>) {
          const [first, ...others] = yield* behind(sql, fedStores.map(({ projection }) => projection)).pipe(
            Effect.map((lagging) => lagging.filter(({ slice }) => slices.includes(slice)))
          )
          if (first === undefined) return { events: 0, reached: [], more: [], holes: [] }
          caution.suspect({ slice: first.slice, position: first.position + 1 })
          const fed = yield* feedIsolating({ sql, log, stores: fedStores, bound: portionOf(caution, chunkBound), caution }, [first.slice])
          return { ...fed, more: [...new Set([...fed.more, ...others.map(({ slice }) => slice)])] }
        },
        Effect.ensuring(Effect.sync(() => caution.suspect(undefined))),
        oneAtATime.withPermit
      )
      const work = Effect.fnUntraced(function*(queue: SliceQueue, index: number) {
        yield* queue.gathered
        const taken = queue.take()
        const { events, more } = yield* feed(index, stores.filter((store) => !ranks(store)), taken, chunkBound)
        queue.giveBack(taken, more, events)
      })

      const couldNotLook = (error: SqlError.SqlError) =>
        Effect.logError("The projections' lag could not be read; trying again").pipe(
          Effect.annotateLogs({ cause: error.message }),
          Effect.andThen(Effect.sleep("1 second"))
        )

      let deferred = 0
      const sweep = Effect.gen(function*() {
        const giveWay = Effect.gen(function*() {
          while ((seen.lagEvents ?? 0) > chunkBound.events && deferred++ < deference) {
            yield* cameRound(sweepAt)
            if (Option.isSome(yield* Effect.timeoutOption(sweepNow.await, "500 millis"))) return
          }
        })
        yield* giveWay
        sweepNow.closeUnsafe()
        const own = stores.filter(ranks)
        const lagging = own.length === 0 ? [] : yield* behind(sql, own.map(({ projection }) => projection))
        const rankingLagSeconds = yield* ageOfOldest(sql, lagging)
        seen = { ...seen, rankingLagEvents: eventsIn(lagging), rankingLagSeconds }
        const started = yield* Clock.currentTimeMillis
        let isMore = false
        for (const slices of packSlices(lagging.filter(({ slice }) => !holed.has(slice)), sweeps.bound.events)) {
          yield* giveWay
          const { events, more } = yield* feed(sweepAt, own, slices, sweeps.bound)
          isMore ||= events > 0 && more.length > 0
        }
        if (lagging.length === 0) yield* cameRound(sweepAt)
        // What others have appended meanwhile is looked at again, so that nobody waits for the end
        // of a long slice.
        if (isMore) return
        deferred = 0
        const worked = (yield* Clock.currentTimeMillis) - started
        const rest = Math.min(sweeps.rest * worked, sweeps.longestRest)
        for (let rested = 0; rested === 0 || (rested < rest && (seen.lagEvents ?? 0) > 0); rested += sweeps.gather) {
          if (Option.isSome(yield* Effect.timeoutOption(sweepNow.await, sweeps.gather))) break
        }
      }).pipe(Effect.catch((error) => couldNotLook(error)))

      let triedHoled = 0
      let looks = 0
      const look = Effect.gen(function*() {
        queue.drained.closeUnsafe()
        stores = yield* catalog.following
        const lagging = yield* behind(sql, stores.filter((store) => !ranks(store)).map(({ projection }) => projection))
        if (looks++ % agesEvery === 0) {
          const [lagSeconds, parkedUsers] = [yield* ageOfOldest(sql, lagging), yield* countParked(sql)]
          seen = { ...seen, lagSeconds, parkedUsers }
        }
        const lagEvents = eventsIn(lagging)
        seen = { ...seen, lagEvents, lagSeconds: lagEvents === 0 ? 0 : seen.lagSeconds }

        const slices = lagging.map(({ slice }) => slice)
        yield* takeBack([...holed.keys()].filter((slice) => !slices.includes(slice)))
        const now = yield* Clock.currentTimeMillis
        const triesHoled = now - triedHoled >= holePoll
        if (triesHoled) triedHoled = now
        queue.addSeen(triesHoled ? slices : slices.filter((slice) => !holed.has(slice)))
        yield* cameRound(lookAt)
        yield* Effect.sleep(poll.least)
        yield* lagEvents > poll.few ? Effect.timeoutOption(queue.drained.await, poll.rest) : Effect.sleep(poll.rest)
      }).pipe(Effect.catch((error) => couldNotLook(error)))

      const started = yield* Clock.currentTimeMillis
      rounds.fill(started)
      for (const loop of [...queues.map(work), look, sweep]) yield* Effect.forkScoped(Effect.forever(loop))

      return ProjectionRunner.of({
        status: () => {
          const now = clock.currentTimeMillisUnsafe()
          const versions = stores.map(({ projection: { name, version } }) => `${name} v${version}`)
          const gaps = [...holed].map(([slice, position]) => ({ slice, position }))
          return { ...seen, versions, gaps, running: rounds.every((round, index) => now - round < (patiences[index] ?? 0)) }
        },
        feedNow: (slices, projections) => {
          const ranking = new Set(stores.filter(ranks).map(({ projection }) => projection.name))
          if (projections?.some((name) => ranking.has(name)) === true) sweepNow.openUnsafe()
          if (projections?.every((name) => ranking.has(name)) === true) return
          express.add(slices)
        },
        nextChunk: () => fed.next()
      })
    }))
  )
}

const eventsIn = (lagging: ReadonlyArray<Lagging>): number => lagging.reduce((sum, { events }) => sum + events, 0)
