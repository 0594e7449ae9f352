import * as NodeWorker from "@effect/platform-node/NodeWorker"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { Worker, WorkerRunner } from "effect/workers"
import { Worker as Thread } from "node:worker_threads"
import { DatabaseUrl } from "../database/DatabaseUrl.ts"
import { Migrations } from "../database/Migrations.ts"
import { AppendSignal } from "../event-log/AppendSignal.ts"
import { steadyClock } from "../steadyClock.ts"
import { givesWay } from "./givesWay.ts"
import { ProjectionRunner, type RunnerStatus } from "./ProjectionRunner.ts"
import { Pulse } from "./Pulse.ts"

/** What a process tells its projections' thread: slices that have grown, or that somebody waits for. */
type ToThread =
  | { readonly _tag: "Grown"; readonly slices: ReadonlyArray<number> }
  | { readonly _tag: "Hurry"; readonly slices: ReadonlyArray<number>; readonly projections?: ReadonlyArray<string> | undefined }

/** What the thread tells: how it is doing, and that a chunk was committed. */
type FromThread = { readonly _tag: "Status"; readonly status: RunnerStatus } | { readonly _tag: "Fed" }

/** What the thread is started with. Copied into it, which a `Redacted` does not survive. */
export interface ThreadData {
  readonly databaseUrl: string
}

/** How often the thread says how it is doing, and after how many milliseconds without a word it is not running. */
const interval = "100 millis"
const patience = 10_000

/** How long the slices that have grown come together: a message after every append would cost both sides more than it is worth. */
const hintGather = "50 millis"

/** Most of a heap; a chunk's rows are the largest thing in it. */
const resourceLimits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 }

/**
 * The {@link ProjectionRunner} in a thread of its own: folding takes about as much time as ingesting, and this way neither waits for the other. Nothing is
 * shared but the database, so a thread that dies loses nothing: it is started again, and goes on from the checkpoints.
 */
export const ProjectionThread = {
  /** Runs `entry`, a module that calls {@link serveThread}. */
  layer: (entry: URL): Layer.Layer<ProjectionRunner, never, AppendSignal | DatabaseUrl | Migrations> =>
    Layer.effect(
      ProjectionRunner,
      Effect.gen(function*() {
        yield* Migrations
        const signal = yield* AppendSignal
        const clock = yield* steadyClock
        const platform = yield* Worker.WorkerPlatform
        const fed = new Pulse()
        let status: RunnerStatus = {
          versions: [],
          running: true,
          lagEvents: 0,
          lagSeconds: 0,
          rankingLagEvents: 0,
          rankingLagSeconds: 0,
          parkedUsers: 0
        }
        let heard = clock.currentTimeMillisUnsafe()
        // Hints: one that somebody waits for is given again, so what does not fit while the thread is busy, or is not there, may be lost.
        const hints = yield* Queue.dropping<ToThread>(1024)
        const grown = new Set<number>()
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
            })
          const tell = Effect.forever(Effect.flatMap(Queue.take(hints), (hint) => Effect.ignore(worker.send(hint))))
          return yield* worker.run(hear, { onSpawn: Effect.asVoid(Effect.forkIn(tell, scope)) })
        })).pipe(
          Effect.tapError((error) =>
            Effect.logError("The projections' thread ended and is started again").pipe(Effect.annotateLogs({ error: error.message }))
          ),
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
          hurry: (slices, projections) => Queue.offerUnsafe(hints, { _tag: "Hurry", slices, projections }),
          nextChunk: () => fed.next()
        })
      })
    ).pipe(Layer.provide(Layer.unwrap(Effect.map(DatabaseUrl, ({ url }) => {
      const workerData: ThreadData = { databaseUrl: Redacted.value(url) }
      return NodeWorker.layer(() => new Thread(entry, { workerData, resourceLimits }))
    }))))
} as const

/** The other side: lets a {@link ProjectionRunner} work in this thread until the process tells it to stop. */
export const serveThread = Effect.gen(function*() {
  yield* givesWay
  const runner = yield* ProjectionRunner
  const signal = yield* AppendSignal
  const platform = yield* WorkerRunner.WorkerRunnerPlatform
  const { run, send } = yield* platform.start<FromThread, ToThread>()
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.suspend(() => runner.nextChunk()), send(0, { _tag: "Fed" }))))
  const report = Effect.suspend(() => send(0, { _tag: "Status", status: runner.status() }))
  yield* Effect.forkScoped(Effect.repeat(report, Schedule.spaced(interval)))
  yield* run<void, never, never>((_, message) =>
    message._tag === "Hurry" ? runner.hurry(message.slices, message.projections) : signal.notify(new Set(message.slices))
  )
}).pipe(Effect.scoped)
