import type { ReadinessChecks } from "./ReadinessChecks.ts"

/** What a process may be ready for: to store events, or to answer numbers that follow the log. */
export type Purpose = "ingestion" | "reading"

/** Gaps that are named. Each slice may have one. */
const mostNamed = 5

/**
 * The reasons why a process cannot do its work, one sentence each; none if it is ready.
 *
 * Projections do not count for ingestion: a stored event is counted later. Leaderboards do not
 * count for reading: they follow at their own pace.
 */
export const whyNotReady = (checks: ReadinessChecks, purpose: Purpose, mostLagSeconds: number): ReadonlyArray<string> => {
  const reasons: Array<string> = []
  if (!checks.database) reasons.push("The database does not answer.")
  else if (!checks.migrations) reasons.push("The database does not have this version's schema.")
  else if (!checks.log_whole) reasons.push("An import into the log was begun and has not ended.")
  if (checks.draining) reasons.push("The process was told to stop.")
  if (purpose === "ingestion") {
    if (checks.database && !checks.writable) reasons.push("The database cannot store: it is a standby or read-only.")
    return reasons
  }
  for (const partition of checks.partitions ?? []) {
    if (!partition.database) reasons.push(`Partition ${partition.partition} (server ${partition.server}) does not answer.`)
  }
  const { gaps, lag_seconds, running } = checks.projections
  if (!running) reasons.push("The projections are not running.")
  for (const { position, slice } of gaps.slice(0, mostNamed)) reasons.push(`Position ${position} of slice ${slice} is missing in the log.`)
  if (gaps.length > mostNamed) reasons.push(`So are positions of ${gaps.length - mostNamed} more slices.`)
  if (lag_seconds === null) reasons.push("How far the projections are behind has not been measured yet.")
  else if (lag_seconds > mostLagSeconds) {
    reasons.push(`The projections are ${Math.round(lag_seconds)} s behind, and READY_LAG_SECONDS is ${mostLagSeconds}.`)
  }
  return reasons
}
