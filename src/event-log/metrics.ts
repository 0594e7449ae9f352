import * as Metric from "effect/Metric"

/** Events in one append statement. */
export const appendSize = Metric.histogram("playtally_append_events", {
  description: "Events in one append statement",
  boundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
})

/** From sending an append statement to its commit, retries included. */
export const appendDuration = Metric.timer("playtally_append_duration_milliseconds", {
  description: "From sending an append to its commit",
  boundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
})

/** Append statements run again because the unique key knew better than the statement's snapshot. */
export const appendReruns = Metric.counter("playtally_append_reruns", {
  description: "Append statements run again after the unique key refused them",
  incremental: true
})

/** How long an append waited for the heads of its slices: what other processes' appends cost it. */
export const appendLockWait = Metric.histogram("playtally_append_lock_wait_milliseconds", {
  description: "From the start of an append until all its slice heads were locked",
  boundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]
})

/**
 * Histories that the log has begun, as far as this process knows: one for each start of PostgreSQL
 * that was appended to.
 */
export const logHistory = Metric.gauge("playtally_log_history", {
  description: "The number of the history of the log that is appended to: it rises when PostgreSQL is restarted, restored or fails over"
})

/** Events that this process saw committed and that PostgreSQL has lost since. */
export const lostEvents = Metric.counter("playtally_lost_events", {
  description: "Acknowledged events that a failover or a restored database has lost: the sender must send them again",
  incremental: true
})
