import { eventKinds } from "../../fasttrack/eventKinds.ts"
import { greatestOf, matching, type Metrics, sumOf } from "./parseMetrics.ts"

/** The metrics at a moment: milliseconds since the epoch. */
export interface Look {
  readonly at: number
  readonly metrics: Metrics
}

/** What happened between two looks. Rates are a second, times are seconds. */
export interface Figures {
  readonly at: number
  /** Events stored, by kind. */
  readonly storedOf: Readonly<Record<string, number>>
  readonly stored: number
  readonly duplicates: number
  readonly rejected: number
  /** Until a batch of events was answered: the time that a half and 99 of 100 did not exceed. */
  readonly answerMedian: number | undefined
  readonly answerP99: number | undefined
  readonly lag: number | undefined
  readonly rankingLag: number | undefined
}

const total = "playtally_events_total"
const requests = "playtally_http_request_duration_seconds_bucket"
const bulkRoute = "/api/v1/integrations/fasttrack/bulk"

/** Works out the figures. A process that was started again counts from 0, and is taken as such. */
export const figuresBetween = (before: Look, after: Look): Figures => {
  const seconds = Math.max((after.at - before.at) / 1000, 0.001)
  const rate = (labels: Readonly<Record<string, string>>) =>
    Math.max(0, sumOf(after.metrics, total, labels) - sumOf(before.metrics, total, labels)) / seconds
  const quantile = quantilesBetween(before.metrics, after.metrics)
  return {
    at: after.at,
    storedOf: Object.fromEntries(Object.keys(eventKinds).map((kind) => [kind, rate({ outcome: "accepted", kind })])),
    stored: rate({ outcome: "accepted" }),
    duplicates: rate({ outcome: "duplicate" }),
    rejected: rate({ outcome: "invalid" }) + rate({ outcome: "conflict" }),
    answerMedian: quantile(0.5),
    answerP99: quantile(0.99),
    lag: greatestOf(after.metrics, "playtally_projection_lag_seconds"),
    rankingLag: greatestOf(after.metrics, "playtally_ranking_lag_seconds")
  }
}

/**
 * Gives quantiles of the time to answer batches, as the bound of the bucket that has them.
 *
 * Undefined if no batch was answered.
 */
const quantilesBetween = (before: Metrics, after: Metrics): (share: number) => number | undefined => {
  const buckets = new Map<number, number>()
  for (const [metrics, sign] of [[before, -1], [after, 1]] as const) {
    for (const { labels, value } of matching(metrics, requests, { route: bulkRoute })) {
      const bound = labels["le"] === "+Inf" ? Infinity : Number(labels["le"])
      buckets.set(bound, (buckets.get(bound) ?? 0) + sign * value)
    }
  }
  const bounds = [...buckets].sort(([one], [other]) => one - other)
  const all = bounds.at(-1)?.[1] ?? 0
  return (share) => all <= 0 ? undefined : bounds.find(([, count]) => count >= share * all)?.[0]
}
