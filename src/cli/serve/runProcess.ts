import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import { processLayer } from "../../App.ts"
import { budgetOf, OwnConnections } from "../../database/connections.ts"
import { Draining } from "../../http/server/Draining.ts"
import { layerTelemetry } from "../../platform/Telemetry.ts"
import { ProcessesUnavailable } from "../../processes/ProcessesUnavailable.ts"
import { OwnSupervisor, SupervisorLink } from "../../processes/SupervisorLink.ts"
import { signalledAgain } from "../stopOnSignal.ts"
import { drainSeconds, tellDrain } from "./drainSeconds.ts"
import { leaveInTime } from "./leaveInTime.ts"

/**
 * Runs one of several processes of the service until its supervisor tells it to stop, or has gone.
 *
 * A signal to this process alone lets it drain and end, and the supervisor starts it again.
 */
export const runProcess = Effect.fnUntraced(function*(number: number, processes: number) {
  if (process.send === undefined) {
    return yield* new ProcessesUnavailable({
      message: "PROCESS_NUMBER is set, and no supervisor has started this process. Unset it; PROCESSES runs several."
    })
  }
  const link = new SupervisorLink(number)
  return yield* Effect.scoped(run(link)).pipe(
    Effect.provideService(OwnSupervisor, link),
    Effect.provideService(OwnConnections, budgetOf(processes)),
    Effect.annotateLogs({ process: number })
  )
})

const run = Effect.fnUntraced(function*(link: SupervisorLink) {
  const told = Latch.makeUnsafe(false)
  const stop = () => {
    told.openUnsafe()
    process.emit("SIGTERM")
  }
  link.listen("Stop", stop)
  link.onLost(stop)
  // The supervisor reads what is written here, and it may have gone.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {})
  const services = yield* Layer.build(processLayer.pipe(Layer.provide(layerTelemetry("service"))))
  yield* leaveInTime()
  const { begin, hasBegun } = yield* Effect.provide(Draining, services)
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  link.listen("Drain", () => void runFork(begin))
  const seconds = yield* drainSeconds
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      const isSupervised = hasBegun() || !link.isOpen
      yield* begin
      if (seconds === 0 || isSupervised) return
      yield* tellDrain(seconds)
      yield* Effect.timeoutOption(Effect.interruptible(Effect.raceFirst(signalledAgain, told.await)), `${seconds} seconds`)
    })
  )
  link.send({ _tag: "Ready" })
  return yield* Effect.never
})
