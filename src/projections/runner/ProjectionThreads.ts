import * as NodeWorker from "@effect/platform-node/NodeWorker"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as RcMap from "effect/RcMap"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Worker, type WorkerError } from "effect/workers"
import { type ResourceLimits, Worker as Thread } from "node:worker_threads"
import { type Leads, OwnLeads } from "../../database/Leads.ts"
import { LogOutput } from "../../platform/LogOutput.ts"
import { monotonicClock } from "../../platform/monotonicClock.ts"
import type { Slice } from "../../values/Slice.ts"
import { unmeasured } from "./LagMonitor.ts"
import { MostThreads, placesOfThread } from "./MostThreads.ts"
import type { RunnerStatus } from "./ProjectionRunner.ts"
import { Pulse } from "./Pulse.ts"
import { ThreadHistory } from "./ThreadHistory.ts"
import type { FromThread, ThreadData, ThreadPlace, ToThread } from "./ThreadMessage.ts"

/** After how many milliseconds without a word of a place its projections are not running. */
const patience = 10_000

/** After how many milliseconds of a thread's life its chunks may be larger again. */
const recovery = 60_000

/**
 * How long the slices that have grown come together: a message after every append would cost both
 * sides more than it is worth.
 */
const hintGather = "50 millis"

/**
 * Most of a heap; a chunk's rows are the largest thing in it. A thread has as much for each
 * database that it is to feed.
 */
export const ThreadLimits = Context.Reference<ResourceLimits>("playtally/projections/ThreadLimits", {
  defaultValue: () => ({ maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 })
})

/**
 * After how many seconds without a word a thread is taken for dead: it says something each 100 ms,
 * also while it is behind. A thread of Deno that has used up its heap neither fails nor ends.
 * Seconds in which this process stands still do not count.
 */
export const ThreadSilence = Context.Reference<number>("playtally/projections/ThreadSilence", { defaultValue: () => 60 })

class ThreadSilent
  extends Schema.TaggedError<ThreadSilent>("playtally/projections/ThreadSilent")("ThreadSilent", { seconds: Schema.Number })
{
  override get message(): string {
    return `It has said nothing for ${this.seconds} s.`
  }
}

/** A database whose projections a thread feeds, as its process sees it. */
export interface FedPlace {
  readonly status: () => RunnerStatus
  /** Slices that have grown. */
  readonly grown: (slices: ReadonlySet<Slice>) => void
  readonly feedNow: (slices: ReadonlyArray<Slice>, projections?: ReadonlyArray<string> | undefined) => void
  readonly nextChunk: () => Effect.Effect<void>
}

/**
 * The threads that feed the projections of a process: folding takes about as much time as
 * ingesting, and this way neither waits for the other.
 *
 * There are as many as there are partitions, and at most one for each processor but one
 * ({@link MostThreads}). Partition n is with thread n modulo their number. One partition has one
 * thread. A thread is started for its first partition, and ends with its last.
 *
 * The threads share nothing but the databases, so a thread that dies loses nothing. It is started
 * again, opens all its partitions again, and goes on from the checkpoints.
 *
 * A thread that uses up its heap, or says nothing for a minute, is dead. The next one takes chunks
 * of a sixty-fourth, and the one after it takes one event at a time. An event that uses up the heap
 * alone parks its user. After each minute without a death, chunks are 64 times as large again.
 */
export class ProjectionThreads extends Context.Service<ProjectionThreads, {
  /** Feeds the projections of a database, as long as the scope is open. */
  readonly feed: (place: Omit<ThreadPlace, "id">) => Effect.Effect<FedPlace, never, Scope.Scope>
}>()("playtally/projections/ProjectionThreads") {
  /** Runs `entry`, a module that calls `serveThread`. */
  static readonly layer = (entry: URL) =>
    Layer.effect(
      ProjectionThreads,
      Effect.gen(function*() {
        const log = yield* LogOutput.current
        const leads = yield* OwnLeads
        const limits = yield* ThreadLimits
        const most = yield* MostThreads
        const mostSilent = yield* ThreadSilence
        const databasesOf = { now: 1 }
        const threads = yield* RcMap.make({
          lookup: (_nth: number) => {
            const places = placesOfThread(databasesOf.now, most)
            const { maxOldGenerationSizeMb } = limits
            const resourceLimits = maxOldGenerationSizeMb === undefined
              ? limits
              : { ...limits, maxOldGenerationSizeMb: maxOldGenerationSizeMb * places }
            return startThread({ entry, log, leads, resourceLimits, mostSilent })
          }
        })
        let places = 0
        return ProjectionThreads.of({
          feed: Effect.fnUntraced(function*(place) {
            databasesOf.now = place.databases
            const thread = yield* RcMap.get(threads, place.partition % most)
            return yield* thread.add({ ...place, id: places++ })
          })
        })
      })
    )
}

interface ThreadOptions {
  readonly entry: URL
  readonly log: LogOutput
  readonly leads: Leads | undefined
  readonly resourceLimits: ResourceLimits
  readonly mostSilent: number
}

/** A place, and what its thread has said of it. */
class KnownPlace {
  readonly place: ThreadPlace
  readonly fed = new Pulse()
  readonly grown = new Set<Slice>()
  status: RunnerStatus = { versions: [], running: true, gaps: [], ...unmeasured }
  heard: number

  constructor(place: ThreadPlace, now: number) {
    this.place = place
    this.heard = now
  }
}

/** Starts a thread, and another one whenever it has died, as long as the scope is open. */
const startThread = Effect.fnUntraced(function*({ entry, leads, log, mostSilent, resourceLimits }: ThreadOptions) {
  const clock = yield* monotonicClock
  const history = new ThreadHistory()
  const places = new Map<number, KnownPlace>()
  let worker: Worker.Worker<FromThread, ToThread> | undefined
  let silentSeconds = 0
  const tell = (message: ToThread) => Effect.suspend(() => worker === undefined ? Effect.void : Effect.ignore(worker.send(message)))
  // Hints: one that somebody waits for is given again, so what does not fit while the thread is
  // busy, or is not there, may be lost.
  const hints = yield* Queue.dropping<ToThread>(1024)
  const hasGrown = Latch.makeUnsafe(false)
  const tellGrown = Effect.gen(function*() {
    yield* hasGrown.await
    yield* Effect.sleep(hintGather)
    hasGrown.closeUnsafe()
    const grown = [...places.values()].filter(({ grown }) => grown.size > 0)
    Queue.offerUnsafe(hints, { _tag: "Grown", grown: grown.map(({ grown, place }) => ({ place: place.id, slices: [...grown] })) })
    for (const place of grown) place.grown.clear()
  })

  const hear = (message: FromThread) =>
    Effect.sync(() => {
      if (message._tag === "Fed") return places.get(message.place)?.fed.beat()
      silentSeconds = 0
      const now = clock.currentTimeMillisUnsafe()
      for (const { place, status } of message.statuses) {
        const known = places.get(place)
        if (known === undefined) continue
        known.status = status
        known.heard = now
      }
    })

  const run = Effect.scoped(Effect.gen(function*() {
    const platform = yield* Worker.WorkerPlatform
    const own = yield* platform.spawn<FromThread, ToThread>(0)
    const scope = yield* Effect.scope
    silentSeconds = 0
    const silence = Effect.gen(function*() {
      while (silentSeconds < mostSilent) {
        yield* Effect.sleep("1 second")
        silentSeconds++
      }
      return yield* new ThreadSilent({ seconds: silentSeconds })
    })
    const recover = Effect.gen(function*() {
      yield* Effect.sleep(recovery)
      if (history.livedLong()) yield* tell({ _tag: "Portion", portion: history.portion })
    })
    yield* Effect.forkIn(Effect.forever(recover), scope)
    const onSpawn = Effect.gen(function*() {
      worker = own
      for (const { place } of places.values()) yield* tell({ _tag: "Open", place })
      yield* Effect.forkIn(Effect.forever(Effect.flatMap(Queue.take(hints), tell)), scope)
    })
    return yield* Effect.raceFirst(own.run(hear, { onSpawn }), silence)
  })).pipe(
    Effect.provide(NodeWorker.layer(() => {
      const workerData: ThreadData = {
        log,
        leads: leads?.memory,
        portion: history.portion,
        condemned: [...history.condemned],
        suspect: history.shared
      }
      return new Thread(entry, { workerData, resourceLimits })
    })),
    Effect.ensuring(Effect.sync(() => {
      worker = undefined
    })),
    Effect.tapError((error) => {
      if (error._tag === "WorkerError" && !isOutOfMemory(error)) {
        return Effect.logError("The projections' thread ended and is started again").pipe(Effect.annotateLogs({ error: error.message }))
      }
      const { condemned, portion } = history.diedOfMemory()
      const what = error._tag === "WorkerError" ? "used up its memory" : "says nothing"
      return Effect.logError(`The projections' thread ${what} and is started again with smaller chunks`).pipe(
        Effect.annotateLogs({ portion, ...condemned === undefined ? {} : { cannotBeRead: condemned } })
      )
    }),
    Effect.retry(Schedule.spaced("1 second"))
  )
  yield* Effect.forkScoped(run)
  yield* Effect.forkScoped(Effect.forever(tellGrown))

  return {
    /** Has the thread feed a place, as long as the scope is open. */
    add: (place: ThreadPlace): Effect.Effect<FedPlace, never, Scope.Scope> =>
      Effect.gen(function*() {
        const known = new KnownPlace(place, clock.currentTimeMillisUnsafe())
        yield* Effect.acquireRelease(
          Effect.suspend(() => {
            places.set(place.id, known)
            return tell({ _tag: "Open", place })
          }),
          () =>
            Effect.suspend(() => {
              places.delete(place.id)
              return tell({ _tag: "Close", place: place.id })
            })
        )
        return {
          status: () => ({ ...known.status, running: known.status.running && clock.currentTimeMillisUnsafe() - known.heard < patience }),
          grown: (slices) => {
            for (const slice of slices) known.grown.add(slice)
            hasGrown.openUnsafe()
          },
          feedNow: (slices, projections) => Queue.offerUnsafe(hints, { _tag: "FeedNow", place: place.id, slices, projections }),
          nextChunk: () => known.fed.next()
        }
      })
  }
})

/** Node says so by the code of the error. */
const isOutOfMemory = ({ reason }: WorkerError.WorkerError): boolean => {
  const cause: unknown = "cause" in reason ? reason.cause : undefined
  return typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY"
}
