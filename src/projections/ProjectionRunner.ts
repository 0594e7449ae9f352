import { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { EventLog } from "../event-log/EventLog.ts"
import { sliceCount } from "../event-log/sliceOf.ts"
import { behind } from "./checkpoints.ts"
import { feedIsolating } from "./feedChunk.ts"
import { ingestionPressure } from "./ingestionPressure.ts"
import { countParked } from "./parkedUsers.ts"
import { ProjectionCatalog } from "./ProjectionCatalog.ts"
import type { ProjectionStore } from "./ProjectionStore.ts"
import { Pulse } from "./Pulse.ts"
import { type Pace, SliceQueue } from "./SliceQueue.ts"

/** How a process's projections are doing. */
export interface RunnerStatus {
  /** The versions that are fed, as of the last look: `casino v1`. */
  readonly versions: ReadonlyArray<string>
  /** False once a loop has not come round for some seconds (the database hangs, a chunk fails again and again), or a slice has a hole. */
  readonly running: boolean
  /** Events in the log that some projection has not folded yet, as of the last look; those that rank users apart. */
  readonly lagEvents: number
  /** Age of the oldest of them in seconds; 0 without lag. */
  readonly lagSeconds: number
  /** The same of the projections that rank users: their events gather for some seconds. */
  readonly rankingLagEvents: number
  readonly rankingLagSeconds: number
  /** Users whose events some version of a projection could not fold, as of the last look. */
  readonly parkedUsers: number
}

/** Chunks at work at once: one folds while the rows of the others are read and written. */
const workers = 3
const prompt: Pace = { maxEvents: 10_000, minSlices: 16, maxSlices: 128, gather: "400 millis", patience: 10_000 }
/**
 * For the projections that rank users: an event moves a user in several rankings and periods, a row each. What gathers of the same user is written once,
 * and everything else goes first.
 */
const leisurely: Pace = { maxEvents: 5_000, minSlices: 32, maxSlices: sliceCount, gather: "3 seconds", patience: 60_000 }
/** The longest that rankings wait for the other projections to catch up. */
const deference = "3 seconds"
/** How often every slice is looked at, for what other processes have appended. */
const poll = "250 millis"
/** One of so many looks is also for the rankings. */
const rankingLooks = 8
/** How often, in milliseconds, a slice with a hole is tried again: what follows the hole is read for nothing each time. */
const holePoll = 2_000

const ranks = ({ projection }: ProjectionStore): boolean => projection.ranking !== undefined

/**
 * Feeds the catalog from the log, exactly once with any number of processes (design §1). All projections are fed from one reading of the log: a page is
 * read, parsed and committed once, not once for each. Woken after an append of this process, and looking by itself for those of others. Projections that
 * rank users are fed apart, by a worker of their own at its own pace, so that the others never wait for them.
 */
export class ProjectionRunner extends Context.Service<ProjectionRunner, {
  readonly status: () => RunnerStatus
  /** Asks for these slices to be fed at once to some projections; without names to all but those that rank users. For those who wait for a position. */
  readonly hurry: (slices: ReadonlyArray<number>, projections?: ReadonlyArray<string> | undefined) => void
  /** What ends with the next chunk to be committed after this call. */
  readonly nextChunk: () => Effect.Effect<void>
}>()("playtally/projections/ProjectionRunner") {
  static readonly layer = Layer.effect(
    ProjectionRunner,
    Effect.gen(function*() {
      yield* Migrations
      const catalog = yield* ProjectionCatalog
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const signal = yield* AppendSignal
      let stores = yield* unavailable("ProjectionRunner")(catalog.following)
      const pressure = yield* ingestionPressure(sql)

      const queues = Array.from({ length: workers }, () => new SliceQueue(prompt))
      const rankings = new SliceQueue(leisurely)
      const shared = (slices: Iterable<number>) => Map.groupBy(slices, (slice) => queues[slice % workers] ?? rankings)
      const enqueue = (slices: Iterable<number>) => {
        for (const [queue, own] of shared(slices)) queue.add(own)
      }
      const enqueueAll = (slices: Iterable<number>) => {
        const named = [...slices]
        enqueue(named)
        rankings.add(named)
      }
      signal.subscribe(enqueueAll)
      enqueueAll(Array.from({ length: sliceCount }, (_, slice) => slice))

      let seen = { lagEvents: 0, lagSeconds: 0, rankingLagEvents: 0, rankingLagSeconds: 0, parkedUsers: 0 }
      const patiences = [...queues.map(({ pace }) => pace.patience), prompt.patience, leisurely.patience]
      const rounds = patiences.map(() => Number.MAX_SAFE_INTEGER)
      const fed = new Pulse()

      const round = (index: number, effect: Effect.Effect<unknown>) =>
        effect.pipe(
          Effect.andThen(Clock.currentTimeMillis),
          Effect.map((now) => {
            rounds[index] = now
          }),
          Effect.forever
        )

      const holed = new Set<number>()
      const setAside = (slices: ReadonlyArray<number>) =>
        Effect.forEach(slices.filter((slice) => !holed.has(slice)), (slice) => {
          holed.add(slice)
          return Effect.logFatal("A slice of the log has a hole: its projections stand still").pipe(Effect.annotateLogs({ slice }))
        }, { discard: true })

      /** Of slices whose log has been mended since, by whichever process fed them. */
      const takeBack = (slices: Iterable<number>) =>
        Effect.forEach([...slices].filter((slice) => holed.has(slice)), (slice) => {
          holed.delete(slice)
          return Effect.logInfo("The hole in a slice of the log has been mended: its projections go on").pipe(
            Effect.annotateLogs({ slice })
          )
        }, { discard: true })

      /** Feeds the next chunk of a queue to some of the projections. */
      const feed = Effect.fnUntraced(function*(queue: SliceQueue, isFed: (store: ProjectionStore) => boolean) {
        const slices = queue.take()
        const own = stores.filter(isFed)
        if (slices.length === 0 || own.length === 0) return queue.left([])
        const exit = yield* Effect.exit(feedIsolating({ sql, log, stores: own, maxEvents: queue.pace.maxEvents }, slices))
        if (Exit.isSuccess(exit)) {
          const { events, holes, more, reached } = exit.value
          queue.left(more)
          yield* setAside(holes)
          yield* takeBack(reached.filter((slice) => !holes.includes(slice)))
          if (events > 0) fed.beat()
          return
        }
        queue.add(slices)
        yield* Effect.logError("Projections could not be fed; trying again").pipe(Effect.annotateLogs({ cause: Cause.pretty(exit.cause) }))
        yield* Effect.sleep("1 second")
      })
      const work = Effect.fnUntraced(function*(queue: SliceQueue) {
        yield* queue.gathered
        yield* feed(queue, (store) => !ranks(store))
      })
      const workOnRankings = Effect.gen(function*() {
        yield* rankings.gathered
        if (queues.some(({ isBehind }) => isBehind)) yield* rankings.atMost(deference)
        const started = yield* Clock.currentTimeMillis
        yield* feed(rankings, ranks)
        const worked = (yield* Clock.currentTimeMillis) - started
        yield* Effect.raceFirst(Effect.ignore(pressure.yieldAfter(worked)), rankings.atMost("1 minute"))
      })

      let triedHoled = 0
      let looks = 0
      const look = Effect.gen(function*() {
        const looked = yield* Effect.gen(function*() {
          stores = yield* catalog.following
          const projectionsOf = (isFed: (store: ProjectionStore) => boolean) => stores.filter(isFed).map(({ projection }) => projection)
          if (looks++ % rankingLooks === 0) {
            const lagging = yield* behind(sql, projectionsOf(ranks))
            rankings.add(lagging.map(({ slice }) => slice).filter((slice) => !holed.has(slice)))
            const { lagEvents, lagSeconds } = lagOf(lagging)
            seen = { ...seen, rankingLagEvents: lagEvents, rankingLagSeconds: lagSeconds }
          }
          return { lagging: yield* behind(sql, projectionsOf((store) => !ranks(store))), parkedUsers: yield* countParked(sql) }
        }).pipe(Effect.orElseSucceed(() => undefined))
        if (looked !== undefined) {
          const { lagging, parkedUsers } = looked
          const slices = lagging.map(({ slice }) => slice)
          yield* takeBack(holed.difference(new Set(slices)))
          const now = yield* Clock.currentTimeMillis
          const triesHoled = now - triedHoled >= holePoll
          if (triesHoled) triedHoled = now
          enqueue(triesHoled ? slices : slices.filter((slice) => !holed.has(slice)))
          seen = { ...seen, ...lagOf(lagging), parkedUsers }
        }
        yield* Effect.sleep(poll)
      })

      const started = yield* Clock.currentTimeMillis
      rounds.fill(started)
      for (const [index, queue] of queues.entries()) {
        yield* Effect.forkScoped(round(index, work(queue)))
      }
      yield* Effect.forkScoped(round(workers, look))
      yield* Effect.forkScoped(round(workers + 1, workOnRankings))
      const clock = yield* Clock.Clock

      return ProjectionRunner.of({
        status: () => {
          const now = clock.currentTimeMillisUnsafe()
          const versions = stores.map(({ projection: { name, version } }) => `${name} v${version}`)
          return { ...seen, versions, running: holed.size === 0 && rounds.every((round, index) => now - round < (patiences[index] ?? 0)) }
        },
        hurry: (slices, projections) => {
          const ranking = new Set(stores.filter(ranks).map(({ projection }) => projection.name))
          if (projections?.some((name) => ranking.has(name)) === true) rankings.hurry(slices)
          if (projections?.every((name) => ranking.has(name)) === true) return
          for (const [queue, own] of shared(slices)) queue.hurry(own)
        },
        nextChunk: () => fed.next()
      })
    })
  )
}

const lagOf = (lagging: Effect.Success<ReturnType<typeof behind>>) => ({
  lagEvents: lagging.reduce((sum, { events }) => sum + events, 0),
  lagSeconds: lagging.reduce((oldest, { seconds }) => Math.max(oldest, seconds), 0)
})
