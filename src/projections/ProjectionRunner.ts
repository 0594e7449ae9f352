import { PgClient } from "@effect/sql-pg"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
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
import { type Feed, feedIsolating } from "./feedChunk.ts"
import { countParked } from "./parkedUsers.ts"
import { ProjectionCatalog } from "./ProjectionCatalog.ts"
import { Pulse } from "./Pulse.ts"

/** How a process's projections are doing. */
export interface RunnerStatus {
  /** The versions that are fed, as of the last look: `casino v1`. */
  readonly versions: ReadonlyArray<string>
  /** False once a loop has not come round for some seconds (the database hangs, a chunk fails again and again), or a slice has a hole. */
  readonly running: boolean
  /** Events in the log that some projection has not folded yet, as of the last look. */
  readonly lagEvents: number
  /** Age of the oldest of them in seconds; 0 without lag. */
  readonly lagSeconds: number
  /** Users whose events some version of a projection could not fold, as of the last look. */
  readonly parkedUsers: number
}

/** Chunks at work at once: one folds while the rows of the others are read and written. */
const workers = 3
/** Most events in one chunk's transaction. */
const maxEvents = 10_000
/**
 * Slices in one chunk. Fewer the further behind: a user's events come together in one row, so the more of them there are in a chunk, the fewer rows
 * are written for each.
 */
const maxSlices = 128
const minSlices = 16
/** How long events gather after the first of them before a chunk is fed. */
const gather = "400 millis"
/** How often every slice is looked at, for what other processes have appended. */
const poll = "250 millis"
/** How often, in milliseconds, a slice with a hole is tried again: what follows the hole is read for nothing each time. */
const holePoll = 2_000
/** A loop that has not come round for this many milliseconds is not running. */
export const patience = 10_000

/**
 * Feeds the catalog from the log, exactly once with any number of processes (design §1). All projections are fed from one reading of the log: a page is
 * read, parsed and committed once, not once for each. Woken after an append of this process, and looking by itself for those of others.
 */
export class ProjectionRunner extends Context.Service<ProjectionRunner, {
  readonly status: () => RunnerStatus
  /** Asks for these slices to be fed at once. For those who wait for a position. */
  readonly hurry: (slices: ReadonlyArray<number>) => void
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
      const feed = (): Feed => ({ sql, log, stores, maxEvents })

      const queues = Array.from({ length: workers }, () => new SliceQueue())
      const enqueue = (slices: Iterable<number>) => {
        for (const slice of slices) queues[slice % workers]?.add(slice)
      }
      signal.subscribe(enqueue)
      enqueue(Array.from({ length: sliceCount }, (_, slice) => slice))

      let seen = { lagEvents: 0, lagSeconds: 0, parkedUsers: 0 }
      const rounds = Array.from({ length: workers + 1 }, () => Number.MAX_SAFE_INTEGER)
      const fed = new Pulse()

      const round = (index: number, effect: Effect.Effect<void>) =>
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

      const work = Effect.fnUntraced(function*(queue: SliceQueue) {
        if (queue.isEmpty) yield* Effect.timeoutOption(queue.nonEmpty.await, "1 second")
        if (!queue.hurried && !queue.isBehind) yield* Effect.timeoutOption(queue.urgent.await, gather)
        const slices = queue.take(queue.width)
        if (slices.length === 0) return
        const exit = yield* Effect.exit(feedIsolating(feed(), slices))
        if (Exit.isSuccess(exit)) {
          queue.isBehind = exit.value.more.length > 0
          queue.width = queue.isBehind ? Math.max(minSlices, queue.width >> 1) : Math.min(maxSlices, queue.width << 1)
          queue.addAll(exit.value.more)
          const { holes, reached } = exit.value
          yield* setAside(holes)
          yield* takeBack(reached.filter((slice) => !holes.includes(slice)))
          if (exit.value.events > 0) fed.beat()
          return
        }
        queue.addAll(slices)
        yield* Effect.logError("Projections could not be fed; trying again").pipe(Effect.annotateLogs({ cause: Cause.pretty(exit.cause) }))
        yield* Effect.sleep("1 second")
      })

      let triedHoled = 0
      const look = Effect.gen(function*() {
        const looked = yield* Effect.gen(function*() {
          stores = yield* catalog.following
          return { lagging: yield* behind(sql, stores.map(({ projection }) => projection)), parkedUsers: yield* countParked(sql) }
        }).pipe(Effect.orElseSucceed(() => undefined))
        if (looked !== undefined) {
          const { lagging, parkedUsers } = looked
          const behind = lagging.map(({ slice }) => slice)
          yield* takeBack(holed.difference(new Set(behind)))
          const now = yield* Clock.currentTimeMillis
          const triesHoled = now - triedHoled >= holePoll
          if (triesHoled) triedHoled = now
          enqueue(triesHoled ? behind : behind.filter((slice) => !holed.has(slice)))
          seen = {
            lagEvents: lagging.reduce((sum, { events }) => sum + events, 0),
            lagSeconds: lagging.reduce((oldest, { seconds }) => Math.max(oldest, seconds), 0),
            parkedUsers
          }
        }
        yield* Effect.sleep(poll)
      })

      const started = yield* Clock.currentTimeMillis
      rounds.fill(started)
      for (const [index, queue] of queues.entries()) yield* Effect.forkScoped(round(index, work(queue)))
      yield* Effect.forkScoped(round(workers, look))
      const clock = yield* Clock.Clock

      return ProjectionRunner.of({
        status: () => {
          const now = clock.currentTimeMillisUnsafe()
          const versions = stores.map(({ projection: { name, version } }) => `${name} v${version}`)
          return { ...seen, versions, running: holed.size === 0 && rounds.every((round) => now - round < patience) }
        },
        hurry: (slices) => {
          enqueue(slices)
          for (const slice of slices) queues[slice % workers]?.hurry()
        },
        nextChunk: () => fed.next()
      })
    })
  )
}

/** The slices that may have grown, in the order they were named. */
class SliceQueue {
  private slices = new Set<number>()
  readonly nonEmpty = Latch.makeUnsafe(false)
  readonly urgent = Latch.makeUnsafe(false)
  hurried = false
  /** Whether the last chunk left something: then nothing is to be waited for. */
  isBehind = false
  /** How many slices the next chunk takes. */
  width = maxSlices

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
