import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Schedule from "effect/Schedule"
import { supervisorLayer } from "../../App.ts"
import { clusterLines } from "../../cluster/clusterMetrics.ts"
import { OwnConnections, supervisorBudget } from "../../database/connections.ts"
import { OwnLeads } from "../../database/Leads.ts"
import { AppendSignal } from "../../event-log/AppendSignal.ts"
import { connectionsWaiting } from "../../http/Server.ts"
import { SharedListener, type Taker } from "../../http/server/SharedListener.ts"
import { FedPartitions } from "../../partitions/FedPartitions.ts"
import { LogOutput } from "../../platform/LogOutput.ts"
import { Settings } from "../../platform/Settings.ts"
import { layerTelemetry } from "../../platform/Telemetry.ts"
import type { FromProcess } from "../../processes/ProcessMessage.ts"
import { type Ending, type SupervisedProcess, Supervisor } from "../../processes/Supervisor.ts"
import { supervisorMetrics } from "../../processes/supervisorMetrics.ts"
import { ProjectionRunner } from "../../projections/runner/ProjectionRunner.ts"
import { CommandFailed } from "../CommandFailed.ts"
import { print } from "../print.ts"
import { signalledAgain } from "../stopOnSignal.ts"
import { drainSeconds, tellDrain } from "./drainSeconds.ts"
import { greeting } from "./greeting.ts"
import { leaveInTime } from "./leaveInTime.ts"

/** How long the processes may take to end. Each ends itself sooner, see {@link leaveInTime}. */
const farewell = "9500 millis"

/** How often the processes hear how the projections are doing. */
const statusInterval = "100 millis"

/**
 * Runs several processes of the service on one port until it is told to stop.
 *
 * This process is their supervisor. It has the listener, the projections' thread and, without
 * `DATABASE_URL`, a part in the embedded server. It answers no request itself.
 */
export const superviseProcesses = Effect.gen(function*() {
  const services = yield* Layer.build(supervisorLayer.pipe(Layer.provide(layerTelemetry("service"))))
  return yield* Effect.provide(supervise, services)
}).pipe(Effect.provideService(OwnConnections, supervisorBudget))

const supervise = Effect.gen(function*() {
  const { host, port } = yield* Settings
  const processes = yield* runProcesses
  yield* feedProjections(processes.supervisor)
  yield* processes.started
  yield* leaveInTime(() => processes.supervisor.kill())
  yield* drainFirst(processes.supervisor)
  const listener = yield* SharedListener.open({ host, port }, connectionsWaiting)
  processes.listenBy(listener)
  yield* Effect.flatMap(greeting(listener.url), (lines) => print(...lines))
  return yield* processes.failed
})

/** Starts the processes, and connects them with the listener, the projections and the log. */
const runProcesses = Effect.gen(function*() {
  const { processes } = yield* Settings
  const runner = yield* ProjectionRunner
  const signal = yield* AppendSignal
  const { format } = yield* LogOutput.current
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  const runSync = Effect.runSyncWith(yield* Effect.context<never>())
  const started = yield* Deferred.make<void>()
  const failed = yield* Deferred.make<never, CommandFailed>()
  const ended = yield* Deferred.make<void>()
  const takers = new Map<SupervisedProcess, Taker>()
  const leaving = new Set<SupervisedProcess>()
  let listener: SharedListener | undefined
  let hasStarted = false
  let isStopping = false

  const hear = (from: SupervisedProcess, message: FromProcess) => {
    const taker = takers.get(from)
    switch (message._tag) {
      case "Ready":
        takers.set(from, takerOf(from))
        if (listener !== undefined) listener.add(takers.get(from) ?? takerOf(from))
        if (takers.size === processes) Deferred.doneUnsafe(started, Effect.void)
        return
      case "Taken":
        return taker && listener?.taken(taker, message.id)
      case "Closed":
        return taker && listener?.closed(taker, message.connections)
      case "Leaving": {
        const done = () => from.send({ _tag: "NoMoreConnections" })
        if (taker === undefined || listener === undefined) return done()
        leaving.add(from)
        const leave = () => listener?.leave(taker, done)
        // The last one gets what has come by the time at which the listener closes.
        return isStopping && leaving.size === takers.size ? listener.close(leave) : leave()
      }
      case "Grown":
        return signal.notify(new Set(message.slices))
      case "FeedNow":
        return runner.feedNow(message.slices, message.projections)
    }
  }

  const end = (one: SupervisedProcess, ending: Ending, restartIn: number | undefined) => {
    const taker = takers.get(one)
    takers.delete(one)
    leaving.delete(one)
    if (taker !== undefined) listener?.lost(taker)
    if (isStopping) {
      if (supervisor.alive.length === 0) Deferred.doneUnsafe(ended, Effect.void)
    } else if (restartIn !== undefined) {
      const { code, process, signal } = ending
      runFork(
        Effect.logError("A process of the service has ended and is started again").pipe(
          Effect.annotateLogs({ process, ...code === null ? { signal } : { code }, restartInMilliseconds: restartIn })
        )
      )
    } else if (!hasStarted) {
      Deferred.doneUnsafe(failed, Effect.fail(new CommandFailed({ message: `Process ${ending.process} could not start` })))
    }
  }

  const supervisor: Supervisor = new Supervisor(processes, {
    settings: { LOG_FORMAT: format },
    hear,
    ended: end,
    measure: () => supervisorMetrics(supervisor.processes) + clusterLines(runSync(PrometheusMetrics.format()))
  })
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      isStopping = true
      supervisor.stop()
      if (supervisor.alive.length > 0) yield* Effect.timeoutOption(Deferred.await(ended), farewell)
      supervisor.kill()
      listener?.end()
    })
  )
  supervisor.start()
  return {
    supervisor,
    /** Ends when every process can take connections. */
    started: Effect.raceFirst(Deferred.await(started), Deferred.await(failed)),
    failed: Deferred.await(failed),
    /** Hands the connections of a listener to the processes. */
    listenBy: (opened: SharedListener) => {
      hasStarted = true
      listener = opened
      for (const taker of takers.values()) opened.add(taker)
    }
  }
})

/** A process in one of its lives, as the listener knows it. */
const takerOf = (one: SupervisedProcess): Taker => ({ hand: (id, socket) => one.send({ _tag: "Connection", id }, socket) })

/** Tells the processes how the projections are doing, and of each chunk. */
const feedProjections = Effect.fnUntraced(function*(supervisor: Supervisor) {
  const runner = yield* ProjectionRunner
  const partitions = yield* FedPartitions
  const leads = yield* OwnLeads
  const tellFed = Effect.suspend(() => runner.nextChunk()).pipe(
    Effect.andThen(Effect.sync(() => supervisor.tell({ _tag: "Fed" })))
  )
  const tellStatus = Effect.sync(() => {
    for (const { entry: { partition }, services } of partitions.opened()) {
      if (services !== undefined) {
        supervisor.tellStatus({
          _tag: "RunnerStatus",
          partition,
          status: Context.get(services, ProjectionRunner).status(),
          lead: leads === undefined || leads.has(partition) ? "Leads" : "Follows"
        })
      }
    }
  })
  yield* Effect.forkScoped(Effect.forever(tellFed))
  yield* Effect.forkScoped(Effect.repeat(tellStatus, Schedule.spaced(statusInterval)))
})

/** Lets all processes serve for some seconds with `/readyz` at 503, before they are to stop. */
const drainFirst = Effect.fnUntraced(function*(supervisor: Supervisor) {
  const seconds = yield* drainSeconds
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      supervisor.tell({ _tag: "Drain" })
      if (seconds === 0) return
      yield* tellDrain(seconds)
      yield* Effect.timeoutOption(Effect.interruptible(signalledAgain), `${seconds} seconds`)
    })
  )
})
