import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { showLogMetrics } from "../../event-log/metrics.ts"
import { Admission } from "../../ingest/Admission.ts"
import { showIngestMetrics } from "../../ingest/metrics.ts"
import { UserProcessors } from "../../ingest/UserProcessors.ts"
import { Settings } from "../../platform/Settings.ts"
import { ProjectionRunner } from "../../projections/runner/ProjectionRunner.ts"
import { eventLoopDelay } from "./eventLoopDelay.ts"
import { OpenConnections } from "./OpenConnections.ts"
import { showRequestMetrics } from "./requestMetrics.ts"

/** The value of a gauge whose number is unknown, as Prometheus has it. */
const unknown = Number.NaN

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

const gauges = {
  eventsInFlight: gauge("playtally_events_in_flight", "Events admitted and not answered yet"),
  eventsInFlightLimit: gauge("playtally_events_in_flight_limit", "MAX_EVENTS_IN_FLIGHT: beyond it requests are refused"),
  bytesInFlight: gauge("playtally_in_flight_bytes", "Bytes of bodies admitted and not answered yet"),
  bytesInFlightLimit: gauge("playtally_in_flight_limit_bytes", "MAX_BYTES_IN_FLIGHT: beyond it requests are refused"),
  connections: gauge("playtally_http_connections", "Connections open now"),
  connectionsLimit: gauge(
    "playtally_http_connections_limit",
    "MAX_CONNECTIONS: beyond it idle connections are closed, and new ones refused"
  ),
  activeProcessors: gauge("playtally_active_processors", "Users with events that wait or are being stored"),
  projectionRunning: gauge("playtally_projection_running", "1 while the projections are fed, else 0"),
  unfedVersions: gauge("playtally_projection_unfed_versions", "Versions of projections that wait for a rebuild"),
  logGaps: gauge("playtally_log_gaps", "Slices of the log in which a position is missing: their projections stand still"),
  projectionLagEvents: gauge("playtally_projection_lag_events", "Events in the log that are not folded yet"),
  projectionLagSeconds: gauge("playtally_projection_lag_seconds", "Age of the oldest event that is not folded yet"),
  rankingLagEvents: gauge("playtally_ranking_lag_events", "Events in the log that the leaderboards do not show yet"),
  rankingLagSeconds: gauge("playtally_ranking_lag_seconds", "Age of the oldest event that the leaderboards do not show yet"),
  parkedUsers: gauge("playtally_projection_parked_users", "Users whose events could not be folded"),
  loopDelay: gauge(
    "playtally_event_loop_delay_seconds",
    "Greatest delay of the event loop that answers requests since the last scrape"
  ),
  heapUsed: gauge("playtally_heap_used_bytes", "JavaScript heap in use in the thread that answers requests"),
  residentMemory: gauge("process_resident_memory_bytes", "Resident memory"),
  startTime: gauge("process_start_time_seconds", "Start of the process in seconds since the epoch")
}

const databaseUp = gauge("playtally_database_up", "1 if the database answers, else 0")
const isReady = gauge("playtally_ready", "1 if /readyz answers 200 for the purpose, else 0")
const readyFor = {
  ingestion: Metric.withAttributes(isReady, { purpose: "ingestion" }),
  reading: Metric.withAttributes(isReady, { purpose: "reading" })
}

const processorTime = Metric.counter("process_cpu_seconds_total", { description: "Processor time used by all threads", incremental: true })

const bit = (isSo: boolean) => isSo ? 1 : 0

/** Sets the gauges of `/readyz`. */
export const measureReadiness = (
  { database, ingestion, reading }: { readonly database: boolean; readonly ingestion: boolean; readonly reading: boolean }
): Effect.Effect<void> =>
  Effect.all([
    Metric.update(databaseUp, bit(database)),
    Metric.update(readyFor.ingestion, bit(ingestion)),
    Metric.update(readyFor.reading, bit(reading))
  ], { discard: true })

/**
 * Gives the effect that sets the gauges which are measured at a scrape.
 *
 * Counters show 0 from the beginning, so that an alert sees the first increase.
 */
export const measureService = Effect.gen(function*() {
  const admission = yield* Admission
  const processors = yield* UserProcessors
  const runner = yield* ProjectionRunner
  const open = yield* OpenConnections
  const { connections, limits } = yield* Settings
  const takeDelay = yield* eventLoopDelay
  let counted = 0
  yield* showLogMetrics
  yield* showIngestMetrics
  yield* showRequestMetrics
  return Effect.suspend(() => {
    const { bytes, events } = admission.inFlight()
    const status = runner.status()
    const memory = process.memoryUsage()
    const { system, user } = process.cpuUsage()
    const used = (system + user) / 1e6
    const grown = used - counted
    counted = used
    return Effect.all([
      Metric.update(gauges.eventsInFlight, events),
      Metric.update(gauges.eventsInFlightLimit, limits.eventsInFlight),
      Metric.update(gauges.bytesInFlight, bytes),
      Metric.update(gauges.bytesInFlightLimit, limits.bytesInFlight),
      Metric.update(gauges.connections, open.count()),
      Metric.update(gauges.connectionsLimit, connections),
      Metric.update(gauges.activeProcessors, processors.active()),
      Metric.update(gauges.projectionRunning, bit(status.running)),
      Metric.update(gauges.unfedVersions, status.unfedVersions ?? unknown),
      Metric.update(gauges.logGaps, status.gaps.length),
      Metric.update(gauges.projectionLagEvents, status.lagEvents ?? unknown),
      Metric.update(gauges.projectionLagSeconds, status.lagSeconds ?? unknown),
      Metric.update(gauges.rankingLagEvents, status.rankingLagEvents ?? unknown),
      Metric.update(gauges.rankingLagSeconds, status.rankingLagSeconds ?? unknown),
      Metric.update(gauges.parkedUsers, status.parkedUsers ?? unknown),
      Metric.update(gauges.loopDelay, takeDelay()),
      Metric.update(gauges.heapUsed, memory.heapUsed),
      Metric.update(gauges.residentMemory, memory.rss),
      Metric.update(gauges.startTime, Math.round(performance.timeOrigin / 1000)),
      Metric.update(processorTime, grown)
    ], { discard: true })
  })
})
