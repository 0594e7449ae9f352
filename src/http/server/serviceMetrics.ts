import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { Admission } from "../../ingest/Admission.ts"
import { UserProcessors } from "../../ingest/UserProcessors.ts"
import { ProjectionRunner } from "../../projections/runner/ProjectionRunner.ts"
import { eventLoopDelay } from "./eventLoopDelay.ts"

/** What Prometheus has for a number that is not known. */
const unknown = Number.NaN

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

const eventsInFlight = gauge("playtally_events_in_flight", "Events admitted and not answered yet")
const bytesInFlight = gauge("playtally_bytes_in_flight", "Bytes of bodies admitted and not answered yet")
const activeProcessors = gauge("playtally_active_processors", "Users with mail")
const projectionRunning = gauge("playtally_projection_running", "1 while the projections are fed")
const logGaps = gauge("playtally_log_gaps", "Slices of the log in which a position is missing: their projections stand still")
const projectionLagEvents = gauge("playtally_projection_lag_events", "Events in the log that are not folded yet")
const projectionLagSeconds = gauge("playtally_projection_lag_seconds", "Age of the oldest event that is not folded yet")
const rankingLagEvents = gauge("playtally_ranking_lag_events", "Events in the log that the leaderboards do not show yet")
const rankingLagSeconds = gauge("playtally_ranking_lag_seconds", "Age of the oldest event that the leaderboards do not show yet")
const projectionParked = gauge("playtally_projection_parked_users", "Users whose events could not be folded")
const loopDelay = gauge(
  "playtally_event_loop_delay_seconds",
  "Greatest delay of the event loop that answers requests since the last scrape"
)
const residentMemory = gauge("process_resident_memory_bytes", "Resident memory")
const heapUsed = gauge("process_heap_used_bytes", "JavaScript heap in use")

const requests = ["1xx", "2xx", "3xx", "4xx", "5xx"].map((status) =>
  Metric.counter("playtally_http_requests", {
    description: "Requests answered, by class of status",
    incremental: true,
    attributes: { status }
  })
)

/** Counts a request that was answered with this status. */
export const countRequest = (status: number): Effect.Effect<void> => {
  const counter = requests[Math.trunc(status / 100) - 1]
  return counter === undefined ? Effect.void : Metric.update(counter, 1)
}

/** Looks at what is only known at a moment, for the gauges of a scrape. */
export const measureService = Effect.gen(function*() {
  const admission = yield* Admission
  const processors = yield* UserProcessors
  const runner = yield* ProjectionRunner
  const takeDelay = yield* eventLoopDelay
  return Effect.suspend(() => {
    const { bytes, events } = admission.inFlight()
    const { gaps, lagEvents, lagSeconds, parkedUsers, running, ...ranking } = runner.status()
    const memory = process.memoryUsage()
    return Effect.all([
      Metric.update(eventsInFlight, events),
      Metric.update(bytesInFlight, bytes),
      Metric.update(activeProcessors, processors.active()),
      Metric.update(projectionRunning, running ? 1 : 0),
      Metric.update(logGaps, gaps.length),
      Metric.update(projectionLagEvents, lagEvents ?? unknown),
      Metric.update(projectionLagSeconds, lagSeconds ?? unknown),
      Metric.update(rankingLagEvents, ranking.rankingLagEvents ?? unknown),
      Metric.update(rankingLagSeconds, ranking.rankingLagSeconds ?? unknown),
      Metric.update(projectionParked, parkedUsers ?? unknown),
      Metric.update(loopDelay, takeDelay()),
      Metric.update(residentMemory, memory.rss),
      Metric.update(heapUsed, memory.heapUsed)
    ], { discard: true })
  })
})
