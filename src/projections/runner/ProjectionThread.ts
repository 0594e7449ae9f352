import * as NodeWorker from "@effect/platform-node/NodeWorker"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { Worker, type WorkerError, WorkerRunner } from "effect/workers"
import { type ResourceLimits, Worker as Thread } from "node:worker_threads"
import { DatabaseUrl, type Pooler } from "../../database/DatabaseUrl.ts"
import { OwnLeads } from "../../database/Leads.ts"
import { Migrations } from "../../database/Migrations.ts"
import { OwnPartition } from "../../database/OwnPartition.ts"
import { PoolShare } from "../../database/PoolShare.ts"
import { AppendSignal } from "../../event-log/AppendSignal.ts"
import { LogOutput } from "../../platform/LogOutput.ts"
import { monotonicClock } from "../../platform/monotonicClock.ts"
import { Position } from "../../values/Position.ts"
import { Slice } from "../../values/Slice.ts"
import { Caution, leastPortion, placeId } from "../feed/Caution.ts"
import { unmeasured } from "./LagMonitor.ts"
import { lowerThreadPriority } from "./lowerThreadPriority.ts"
import { ProjectionRunner, type RunnerStatus } from "./ProjectionRunner.ts"
import { Pulse } from "./Pulse.ts"

/**
 * What a process tells its projections' thread: slices that have grown, or that somebody waits for.
 */
type ToThread =
  | { readonly _tag: "Grown"; readonly slices: ReadonlyArray<Slice> }
  | { readonly _tag: "FeedNow"; readonly slices: ReadonlyArray<Slice>; readonly projections?: ReadonlyArray<string> | undefined }
  | { readonly _tag: "Portion"; readonly portion: number }

/** What the thread tells: how it is doing, and that a chunk was committed. */
type FromThread = { readonly _tag: "Status"; readonly status: RunnerStatus } | { readonly _tag: "Fed" }

/** What the thread is started with. Copied into it, which a `Redacted` does not survive. */
export interface ThreadData {
  readonly databaseUrl: string
  readonly pooler: Pooler
  /** See {@link PoolShare}. */
  readonly databases: number
  readonly partition: number
  /** The memory of the process's `Leads`, if it has any. */
  readonly leads: SharedArrayBuffer | undefined
  readonly log: LogOutput
  /**
   * See {@link Caution}: the portion to begin with, the condemned events, and memory of both sides
   * in which the thread notes what it tries alone.
   */
  readonly portion: number
  readonly condemned: ReadonlyArray<string>
  readonly suspect: SharedArrayBuffer
}

/**
 * How often the thread says how it is doing, and after how many milliseconds without a word it is
 * not running.
 */
const interval = "100 millis"
const patience = 10_000

/**
 * How long the slices that have grown come together: a message after every append would cost both
 * sides more than it is worth.
 */
const hintGather = "50 millis"

/** Most of a heap; a chunk's rows are the largest thing in it. */
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

/**
 * How much smaller chunks are after a thread has died of its memory, and how long one lives, in
 * milliseconds, before they are as much larger again.
 */
const smaller = 64
const recovery = 60_000

/**
 * What a process remembers of the threads that died of their memory: what failed once is tried in
 * smaller pieces, and in the end alone.
 */
class ThreadHistory {
  portion = 1
  readonly condemned = new Set<string>()
  /** The slice and the position of the event that is tried alone; the position is 0 if none is. */
  readonly shared = new SharedArrayBuffer(16)
  private readonly suspect = new BigInt64Array(this.shared)

  /** Makes the next thread more careful, and says how. */
  diedOfMemory(): { readonly portion: number; readonly condemned?: string } {
    const [slice = 0n, position = 0n] = this.suspect
    const wasAlone = this.portion <= leastPortion
    this.portion = Math.max(leastPortion, this.portion / smaller)
    this.suspect[1] = 0n
    if (!wasAlone || position === 0n) return { portion: this.portion }
    const condemned = placeId({ slice: Slice(Number(slice)), position: Position(Number(position)) })
    this.condemned.add(condemned)
    return { portion: this.portion, condemned }
  }
}

/**
 * The {@link ProjectionRunner} in a thread of its own: folding takes about as much time as
 * ingesting, and this way neither waits for the other.
 *
 * The threads share nothing but the database, so a thread that dies loses nothing. It is started
 * again, and goes on from the checkpoints.
 *
 * A thread that uses up its heap, or says nothing for a minute, is dead. The next one takes chunks
 * of a sixty-fourth, and the one after it takes one event at a time. An event that uses up the heap
 * alone parks its user. After each minute without a death, chunks are 64 times as large again.
 */
export const ProjectionThread = {
  /** Runs `entry`, a module that calls {@link serveThread}. */
  layer: (entry: URL): Layer.Layer<ProjectionRunner, never, AppendSignal | DatabaseUrl | Migrations> =>
    Layer.unwrap(Effect.gen(function*() {
      const { pooler, url } = yield* DatabaseUrl
      const log = yield* LogOutput.current
      const databases = yield* PoolShare
      const partition = yield* OwnPartition
      const leads = yield* OwnLeads
      const resourceLimits = yield* ThreadLimits
      const history = new ThreadHistory()
      const start = () => {
        const workerData: ThreadData = {
          databaseUrl: Redacted.value(url),
          pooler,
          databases,
          partition,
          leads: leads?.memory,
          log,
          portion: history.portion,
          condemned: [...history.condemned],
          suspect: history.shared
        }
        return new Thread(entry, { workerData, resourceLimits })
      }
      return runnerOf(history).pipe(Layer.provide(NodeWorker.layer(start)))
    }))
} as const

/** The runner of the threads that a process starts one after the other. */
const runnerOf = (history: ThreadHistory) =>
  Layer.effect(
    ProjectionRunner,
    Effect.gen(function*() {
      yield* Migrations
      const signal = yield* AppendSignal
      const clock = yield* monotonicClock
      const platform = yield* Worker.WorkerPlatform
      const fed = new Pulse()
      let status: RunnerStatus = {
        versions: [],
        running: true,
        gaps: [],
        ...unmeasured
      }
      let heard = clock.currentTimeMillisUnsafe()
      let silentSeconds = 0
      const mostSilent = yield* ThreadSilence
      // Hints: one that somebody waits for is given again, so what does not fit while the thread is
      // busy, or is not there, may be lost.
      const hints = yield* Queue.dropping<ToThread>(1024)
      const grown = new Set<Slice>()
      const hasGrown = Latch.makeUnsafe(false)
      const tellGrown = Effect.gen(function*() {
        yield* hasGrown.await
        yield* Effect.sleep(hintGather)
        Queue.offerUnsafe(hints, { _tag: "Grown", slices: [...grown] })
        grown.clear()
        hasGrown.closeUnsafe()
      })

      const run = Effect.scoped(Effect.gen(function*() {
        const worker = yield* platform.spawn<FromThread, ToThread>(0)
        const scope = yield* Effect.scope
        const hear = (message: FromThread) =>
          Effect.sync(() => {
            if (message._tag === "Fed") return fed.beat()
            status = message.status
            heard = clock.currentTimeMillisUnsafe()
            silentSeconds = 0
          })
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
          if (history.portion === 1) return
          history.portion = Math.min(1, history.portion * smaller)
          yield* Effect.ignore(worker.send({ _tag: "Portion", portion: history.portion }))
        })
        yield* Effect.forkIn(Effect.forever(recover), scope)
        const tell = Effect.forever(Effect.flatMap(Queue.take(hints), (hint) => Effect.ignore(worker.send(hint))))
        return yield* Effect.raceFirst(worker.run(hear, { onSpawn: Effect.asVoid(Effect.forkIn(tell, scope)) }), silence)
      })).pipe(
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
      signal.subscribe((slices) => {
        for (const slice of slices) grown.add(slice)
        hasGrown.openUnsafe()
      })

      return ProjectionRunner.of({
        status: () => ({ ...status, running: status.running && clock.currentTimeMillisUnsafe() - heard < patience }),
        feedNow: (slices, projections) => Queue.offerUnsafe(hints, { _tag: "FeedNow", slices, projections }),
        nextChunk: () => fed.next()
      })
    })
  )

/** Node says so by the code of the error. */
const isOutOfMemory = ({ reason }: WorkerError.WorkerError): boolean => {
  const cause: unknown = "cause" in reason ? reason.cause : undefined
  return typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY"
}

/** The caution of a thread that was started with this data. */
export const cautionOf = ({ condemned, portion, suspect }: ThreadData): Caution => {
  const noted = new BigInt64Array(suspect)
  return {
    portion,
    condemned: new Set(condemned),
    suspect: (place) => {
      noted[0] = BigInt(place?.slice ?? 0)
      noted[1] = BigInt(place?.position ?? 0)
    }
  }
}

/**
 * The other side: lets a {@link ProjectionRunner} work in this thread until the process tells it to
 * stop.
 */
export const serveThread = Effect.gen(function*() {
  yield* lowerThreadPriority
  const runner = yield* ProjectionRunner
  const signal = yield* AppendSignal
  const platform = yield* WorkerRunner.WorkerRunnerPlatform
  const { run, send } = yield* platform.start<FromThread, ToThread>()
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.suspend(() => runner.nextChunk()), send(0, { _tag: "Fed" }))))
  const report = Effect.suspend(() => send(0, { _tag: "Status", status: runner.status() }))
  yield* Effect.forkScoped(Effect.repeat(report, Schedule.spaced(interval)))
  const caution = yield* Caution
  yield* run<void, never, never>((_, message) => {
    switch (message._tag) {
      case "FeedNow":
        return runner.feedNow(message.slices, message.projections)
      case "Grown":
        return signal.notify(new Set(message.slices))
      case "Portion":
        caution.portion = message.portion
    }
  })
}).pipe(Effect.scoped)
