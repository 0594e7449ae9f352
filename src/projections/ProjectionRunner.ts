import { PgClient } from "@effect/sql-pg"
import { chunksOf } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import { unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { EventLog } from "../event-log/EventLog.ts"
import { sliceCount } from "../event-log/sliceOf.ts"
import { behind } from "./checkpoints.ts"
import { feedIsolating } from "./feedChunk.ts"
import { foldContexts } from "./foldContexts.ts"
import { ingestionPressure } from "./ingestionPressure.ts"
import { countParked } from "./parkedUsers.ts"
import type { AnyProjection } from "./Projection.ts"
import { ProjectionCatalog } from "./ProjectionCatalog.ts"
import type { ProjectionStore } from "./ProjectionStore.ts"

/** How a process's projections are doing. */
export interface RunnerStatus {
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

/** Chunks at work at once: one folds while the other's rows are written. */
const workers = 2
/** How often every slice is looked at, for what other processes have appended. */
const poll = "250 millis"
/** One of so many looks is also for the rankings. */
const rankingLooks = 8

/** How a worker feeds: the most slices and the most events in one chunk's transaction, and how long events gather after the first of them. */
interface Pace {
  readonly maxSlices: number
  readonly maxEvents: number
  readonly gather: Duration.Input
  /** A loop that has not come round for this many milliseconds is not running. */
  readonly patience: number
}

const prompt: Pace = { maxSlices: 128, maxEvents: 10_000, gather: "400 millis", patience: 10_000 }
/**
 * An event moves a user in several rankings and periods, a row each: what gathers of the same user is written once, few slices at a time but all of theirs,
 * and ingestion goes first.
 */
const leisurely: Pace = { maxSlices: 32, maxEvents: 5_000, gather: "3 seconds", patience: 60_000 }

const ranks = ({ projection }: ProjectionStore): boolean => projection.ranking !== undefined

/**
 * Feeds the catalog from the log, exactly once with any number of processes (design §1). All projections are fed from one reading of the log: a page is
 * read, parsed and committed once, not once for each. Woken after an append of this process, and looking by itself for those of others. Projections that
 * rank users are fed apart, by a worker of their own at its own pace, so that the others never wait for them.
 */
export class ProjectionRunner extends Context.Service<ProjectionRunner, {
  /** The versions this process feeds at the moment. */
  readonly projections: () => ReadonlyArray<AnyProjection>
  readonly status: () => RunnerStatus
  /** Asks for these slices to be fed at once to some projections; without names to all but those that rank users. For those who wait for a position. */
  readonly hurry: (slices: ReadonlyArray<number>, projections?: ReadonlyArray<string>) => void
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
      const contextOf = yield* foldContexts(sql)
      const pressure = yield* ingestionPressure(sql)

      const queues = Array.from({ length: workers }, () => new SliceQueue())
      const rankingQueue = new SliceQueue()
      const enqueue = (slices: Iterable<number>) => {
        for (const slice of slices) queues[slice % workers]?.add(slice)
      }
      const enqueueAll = (slices: Iterable<number>) => {
        const named = [...slices]
        enqueue(named)
        rankingQueue.addAll(named)
      }
      signal.subscribe(enqueueAll)
      enqueueAll(Array.from({ length: sliceCount }, (_, slice) => slice))

      let seen = { lagEvents: 0, lagSeconds: 0, rankingLagEvents: 0, rankingLagSeconds: 0, parkedUsers: 0 }
      const paces = [...queues.map(() => prompt), prompt, leisurely]
      const rounds = paces.map(() => Number.MAX_SAFE_INTEGER)
      let fed = Latch.makeUnsafe(false)

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

      const gathered = Effect.fnUntraced(function*(queue: SliceQueue, { gather }: Pace) {
        if (queue.isEmpty) yield* Effect.timeoutOption(queue.nonEmpty.await, "1 second")
        if (!queue.hurried) yield* Effect.timeoutOption(queue.urgent.await, gather)
      })

      /** Feeds a chunk of some slices of the queue to some of the projections; false if they have nothing more for now. */
      const feed = Effect.fnUntraced(function*(
        queue: SliceQueue,
        slices: ReadonlyArray<number>,
        { maxEvents }: Pace,
        isFed: (store: ProjectionStore) => boolean
      ) {
        const own = stores.filter(isFed)
        if (slices.length === 0 || own.length === 0) return false
        const exit = yield* Effect.exit(feedIsolating({ sql, log, stores: own, contextOf, maxEvents }, slices))
        if (Exit.isSuccess(exit)) {
          queue.addAll(exit.value.more)
          yield* setAside(exit.value.holes)
          if (exit.value.events > 0) {
            const ended = fed
            fed = Latch.makeUnsafe(false)
            ended.openUnsafe()
          }
          return exit.value.more.length > 0
        }
        queue.addAll(slices)
        yield* Effect.logError("Projections could not be fed; trying again").pipe(Effect.annotateLogs({ cause: Cause.pretty(exit.cause) }))
        yield* Effect.sleep("1 second")
        return true
      })
      const work = Effect.fnUntraced(function*(queue: SliceQueue) {
        yield* gathered(queue, prompt)
        yield* feed(queue, queue.take(prompt.maxSlices), prompt, (store) => !ranks(store))
      })

      /** Rankings that are behind catch up without gathering. They hold back when ingestion suffers, unless somebody waits for them. */
      let isBehind = false
      const workOnRankings = Effect.gen(function*() {
        if (!isBehind) yield* gathered(rankingQueue, leisurely)
        isBehind = false
        const waiting = rankingQueue.take(sliceCount)
        if (!stores.some(ranks)) return
        for (const slices of chunksOf(waiting, leisurely.maxSlices)) {
          const started = yield* Clock.currentTimeMillis
          if (yield* feed(rankingQueue, slices, leisurely, ranks)) isBehind = true
          const worked = (yield* Clock.currentTimeMillis) - started
          yield* Effect.raceFirst(Effect.ignore(pressure.yieldAfter(worked)), rankingQueue.urgent.await)
        }
      })

      let looks = 0
      const look = Effect.gen(function*() {
        const looked = yield* Effect.gen(function*() {
          stores = yield* catalog.following
          const projectionsOf = (isFed: (store: ProjectionStore) => boolean) => stores.filter(isFed).map(({ projection }) => projection)
          if (looks++ % rankingLooks === 0) {
            const lagging = yield* behind(sql, projectionsOf(ranks))
            rankingQueue.addAll(lagging.map(({ slice }) => slice).filter((slice) => !holed.has(slice)))
            const { lagEvents, lagSeconds } = lagOf(lagging)
            seen = { ...seen, rankingLagEvents: lagEvents, rankingLagSeconds: lagSeconds }
          }
          return { lagging: yield* behind(sql, projectionsOf((store) => !ranks(store))), parkedUsers: yield* countParked(sql) }
        }).pipe(Effect.orElseSucceed(() => undefined))
        if (looked !== undefined) {
          const { lagging, parkedUsers } = looked
          enqueue(lagging.map(({ slice }) => slice).filter((slice) => !holed.has(slice)))
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
        projections: () => stores.map(({ projection }) => projection),
        status: () => {
          const now = clock.currentTimeMillisUnsafe()
          return { ...seen, running: holed.size === 0 && rounds.every((round, index) => now - round < (paces[index]?.patience ?? 0)) }
        },
        hurry: (slices, projections) => {
          const isRanking = (name: string) => stores.some((store) => store.projection.name === name && ranks(store))
          if (projections?.some(isRanking) === true) {
            rankingQueue.addAll(slices)
            rankingQueue.hurry()
          }
          if (projections?.every(isRanking) === true) return
          enqueue(slices)
          for (const slice of slices) queues[slice % workers]?.hurry()
        },
        nextChunk: () => fed.await
      })
    })
  )
}

const lagOf = (lagging: Effect.Success<ReturnType<typeof behind>>) => ({
  lagEvents: lagging.reduce((sum, { events }) => sum + events, 0),
  lagSeconds: lagging.reduce((oldest, { seconds }) => Math.max(oldest, seconds), 0)
})

/** The slices that may have grown, in the order they were named. */
class SliceQueue {
  private slices = new Set<number>()
  readonly nonEmpty = Latch.makeUnsafe(false)
  readonly urgent = Latch.makeUnsafe(false)
  hurried = false

  get isEmpty(): boolean {
    return this.slices.size === 0
  }

  add(slice: number): void {
    this.slices.add(slice)
    this.nonEmpty.openUnsafe()
  }

  addAll(slices: ReadonlyArray<number>): void {
    for (const slice of slices) this.add(slice)
  }

  hurry(): void {
    this.hurried = true
    this.urgent.openUnsafe()
  }

  take(count: number): ReadonlyArray<number> {
    const taken = [...this.slices].slice(0, count)
    for (const slice of taken) this.slices.delete(slice)
    this.hurried = false
    this.urgent.closeUnsafe()
    if (this.slices.size === 0) this.nonEmpty.closeUnsafe()
    return taken
  }
}
