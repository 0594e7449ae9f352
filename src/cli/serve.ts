import { Command } from "effect/cli"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { serverLayer } from "../App.ts"
import { refuseUnusableCluster } from "../cluster/Cluster.ts"
import { Server } from "../http/Server.ts"
import { Draining } from "../http/server/Draining.ts"
import { refuseWhatCannotListen } from "../http/server/refuseWhatCannotListen.ts"
import { Settings } from "../platform/Settings.ts"
import { layerTelemetry } from "../platform/Telemetry.ts"
import { whyNotProcesses } from "../processes/ProcessesUnavailable.ts"
import { explained } from "./CommandFailed.ts"
import { print } from "./print.ts"
import { drainSeconds, tellDrain } from "./serve/drainSeconds.ts"
import { greeting } from "./serve/greeting.ts"
import { leaveInTime } from "./serve/leaveInTime.ts"
import { runProcess } from "./serve/runProcess.ts"
import { superviseProcesses } from "./serve/superviseProcesses.ts"
import { signalledAgain } from "./stopOnSignal.ts"

/**
 * `serve`: runs the service until it is told to stop.
 *
 * It prints where the service listens and how to try it. With `PROCESSES` it runs several processes
 * of the service, and is one of them if their supervisor has started it.
 */
export const serve = Command.make("serve", {}, () => explained(start)).pipe(
  Command.withDescription("Run the service on the database of the settings, which is migrated first"),
  Command.withAlias("start")
)

const start = Effect.gen(function*() {
  const settings = yield* Settings
  if (Option.isSome(settings.processNumber)) return yield* runProcess(settings.processNumber.value, settings.processes)
  const unavailable = whyNotProcesses(settings.processes)
  if (unavailable !== undefined) return yield* unavailable
  // Before anything slow starts, such as the embedded server or a migration.
  yield* refuseWhatCannotListen(settings)
  yield* refuseUnusableCluster(settings)
  if (settings.processes > 1) return yield* Effect.scoped(superviseProcesses)
  return yield* Effect.scoped(run)
}).pipe(Effect.provide(Settings.layer))

const run = Effect.gen(function*() {
  const services = yield* Layer.build(serverLayer.pipe(Layer.provide(layerTelemetry("service"))))
  yield* leaveInTime()
  yield* Effect.provide(drainFirst, services)
  const { url } = yield* Effect.provide(Server, services)
  yield* Effect.flatMap(greeting(url), (lines) => print(...lines)).pipe(Effect.provide(services))
  return yield* Effect.never
})

/**
 * Drains the service before it stops.
 *
 * Its finalizer is added last, so it runs first, and the whole service still works meanwhile.
 */
const drainFirst = Effect.gen(function*() {
  const draining = yield* Draining
  const seconds = yield* drainSeconds
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      yield* draining.begin
      if (seconds === 0) return
      yield* tellDrain(seconds)
      yield* Effect.timeoutOption(Effect.interruptible(signalledAgain), `${seconds} seconds`)
    })
  )
})
