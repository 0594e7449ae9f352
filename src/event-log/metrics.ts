import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

/** Events in one append statement. */
export const appendSize = Metric.histogram("playtally_append_events", {
  description: "Events in one append statement",
  boundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
})

/** The time from sending an append statement to its commit, retries included. */
export const appendDuration = Metric.mapInput(
  Metric.histogram("playtally_append_duration_seconds", {
    description: "Time from sending an append statement to its commit",
    boundaries: seconds
  }),
  (duration: Duration.Duration) => Duration.toSeconds(duration)
)

/**
 * Append statements run again after the unique key refused what the statement's snapshot missed.
 */
export const appendReruns = Metric.counter("playtally_append_reruns_total", {
  description: "Append statements run again after the unique key refused them",
  incremental: true
})

/**
 * How long an append waited for the heads of its slices, which other processes' appends hold.
 * Updated in milliseconds.
 */
export const appendLockWait = Metric.mapInput(
  Metric.histogram("playtally_append_lock_wait_seconds", {
    description: "Time from the start of an append until all its slice heads are locked",
    boundaries: seconds
  }),
  (milliseconds: number) => milliseconds / 1000
)

/**
 * The number of the log's newest history, as far as this process knows. One history begins with
 * each start of PostgreSQL that is appended to.
 */
export const logHistory = Metric.gauge("playtally_log_history", {
  description: "Number of the log's history: it rises when PostgreSQL is restarted, restored or fails over"
})

/** Events that this process saw committed and that PostgreSQL has lost since. */
export const lostEvents = Metric.counter("playtally_lost_events_total", {
  description: "Acknowledged events that a failover or a restored database has lost: the sender must send them again",
  incremental: true
})

/** Shows the metrics of the log before they have a first value. */
export const showLogMetrics: Effect.Effect<void> = Effect.all(
  [
    Metric.value(appendSize),
    Metric.value(appendDuration),
    Metric.value(appendReruns),
    Metric.value(appendLockWait),
    Metric.value(lostEvents)
  ],
  { discard: true }
)
