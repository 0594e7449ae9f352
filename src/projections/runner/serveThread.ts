import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { WorkerRunner } from "effect/workers"
import { AppendSignal } from "../../event-log/AppendSignal.ts"
import { Caution } from "../feed/Caution.ts"
import { lowerThreadPriority } from "./lowerThreadPriority.ts"
import { ProjectionRunner } from "./ProjectionRunner.ts"
import type { FromThread, ThreadData, ThreadPlace, ToThread } from "./ThreadMessage.ts"

/** How often the thread says how its places are doing. */
const interval = "100 millis"

/** What a thread has for each place. */
export type PlaceServices = ProjectionRunner | AppendSignal

/** A place while it is fed: its services, once they are there. */
interface OpenPlace {
  readonly scope: Scope.Closeable
  services: Context.Context<PlaceServices> | undefined
}

/** The caution of a thread that was started with this data. */
export const cautionOf = ({ condemned, portion, suspect }: ThreadData): Caution => {
  const noted = new BigInt64Array(suspect)
  return {
    portion,
    condemned: new Set(condemned),
    oneAtATime: Semaphore.makeUnsafe(1),
    suspect: (place) => {
      noted[0] = BigInt(place?.slice ?? 0)
      noted[1] = BigInt(place?.position ?? 0)
    }
  }
}

/**
 * The other side of `ProjectionThreads`: lets a {@link ProjectionRunner} work in this thread for
 * each place that the process names, until the process tells it to stop.
 *
 * `layerOf` has the services of a place. It is tried again each second until it can be built.
 */
export const serveThread = Effect.fnUntraced(function*<E>(layerOf: (place: ThreadPlace) => Layer.Layer<PlaceServices, E>) {
  yield* lowerThreadPriority
  const platform = yield* WorkerRunner.WorkerRunnerPlatform
  const { run, send } = yield* platform.start<FromThread, ToThread>()
  const caution = yield* Caution
  const scope = yield* Effect.scope
  const places = new Map<number, OpenPlace>()

  const build = Effect.fnUntraced(function*(place: ThreadPlace, open: OpenPlace) {
    const own = yield* Scope.fork(open.scope)
    // A memo map of its own: the layers of two places are the same values.
    open.services = yield* Layer.buildWithMemoMap(layerOf(place), Layer.makeMemoMapUnsafe(), own).pipe(
      Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
    )
    const runner = Context.get(open.services, ProjectionRunner)
    const tellFed = Effect.andThen(Effect.suspend(() => runner.nextChunk()), send(0, { _tag: "Fed", place: place.id }))
    yield* Effect.forkIn(Effect.forever(tellFed), own)
  })

  const openPlace = Effect.fnUntraced(function*(place: ThreadPlace) {
    const open: OpenPlace = { scope: yield* Scope.fork(scope), services: undefined }
    places.set(place.id, open)
    yield* build(place, open).pipe(
      Effect.catchDefect((defect) => Effect.fail(defect)),
      Effect.tapError((error) =>
        Effect.logError("The projections of a database cannot be fed yet; trying again").pipe(
          Effect.annotateLogs({ partition: place.partition, cause: error instanceof Error ? error.message : String(error) })
        )
      ),
      Effect.retry(Schedule.spaced("1 second")),
      Effect.forkIn(open.scope)
    )
  })

  const statuses = () =>
    [...places].flatMap(([place, { services }]) =>
      services === undefined ? [] : { place, status: Context.get(services, ProjectionRunner).status() }
    )
  const report = Effect.suspend(() => send(0, { _tag: "Status", statuses: statuses() }))
  yield* Effect.forkScoped(Effect.repeat(report, Schedule.spaced(interval)))

  yield* run<void, never, never>((_, message) => {
    switch (message._tag) {
      case "Open":
        return places.has(message.place.id) ? undefined : openPlace(message.place)
      case "Close": {
        const open = places.get(message.place)
        places.delete(message.place)
        return open === undefined ? undefined : Scope.close(open.scope, Exit.void)
      }
      case "FeedNow": {
        const services = places.get(message.place)?.services
        return services === undefined ? undefined : Context.get(services, ProjectionRunner).feedNow(message.slices, message.projections)
      }
      case "Grown":
        for (const { place, slices } of message.grown) {
          const services = places.get(place)?.services
          if (services !== undefined) Context.get(services, AppendSignal).notify(new Set(slices))
        }
        return
      case "Portion":
        caution.portion = message.portion
    }
  })
}, Effect.scoped)
