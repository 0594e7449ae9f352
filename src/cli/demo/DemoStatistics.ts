import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { IngestReport, RejectedItem } from "../../ingest/IngestReport.ts"
import type { Nature, TrafficItem } from "./traffic.ts"

/** What has been sent and answered so far, in items. */
export interface DemoTotals {
  readonly sent: number
  /** Those of which the answer is known: stored, repeats or rejected. */
  readonly answered: number
  readonly stored: number
  readonly repeats: number
  readonly rejected: number
  /** The answered items that were made to be invalid, and how many were rejected. */
  readonly invalid: { readonly made: number; readonly rejected: number }
  /**
   * The same for those made to reuse an id; which of the two under one id is rejected depends on
   * which came first.
   */
  readonly conflicts: { readonly made: number; readonly rejected: number }
  /** One item that was rejected as invalid though it was made to be good. */
  readonly surprise: RejectedItem | undefined
  readonly requests: number
  readonly retries: number
  /** Why the last attempt had to be repeated. */
  readonly lastTrouble: string | undefined
}

const none: DemoTotals = {
  sent: 0,
  answered: 0,
  stored: 0,
  repeats: 0,
  rejected: 0,
  invalid: { made: 0, rejected: 0 },
  conflicts: { made: 0, rejected: 0 },
  surprise: undefined,
  requests: 0,
  retries: 0,
  lastTrouble: undefined
}

/**
 * The totals after the answer to a batch. Of two items that are the same the one made first counts
 * as stored and the other as a repeat, whichever reached the server first: batches overtake each
 * other, are sent again, and a `204` does not say which of its items were new.
 */
export const afterAnswer = (totals: DemoTotals, batch: ReadonlyArray<TrafficItem>, report: IngestReport | undefined): DemoTotals => {
  const rejected = report?.rejected ?? []
  const made = (nature: Nature) => batch.filter((item) => item.nature === nature).length
  const isMade = (nature: Nature) => ({ index }: RejectedItem) => batch[index]?.nature === nature
  const repeats = made("repeat") - rejected.filter(isMade("repeat")).length
  const isInvalid = isMade("invalid")
  const conflicts = rejected.filter(({ reason }) => reason === "idempotency_conflict").length
  return {
    ...totals,
    answered: totals.answered + batch.length,
    repeats: totals.repeats + repeats,
    stored: totals.stored + batch.length - repeats - rejected.length,
    rejected: totals.rejected + rejected.length,
    invalid: { made: totals.invalid.made + made("invalid"), rejected: totals.invalid.rejected + rejected.filter(isInvalid).length },
    conflicts: { made: totals.conflicts.made + made("conflict"), rejected: totals.conflicts.rejected + conflicts },
    surprise: totals.surprise ?? rejected.find((item) => item.reason === "invalid" && !isInvalid(item))
  }
}

/** Quantiles of the times to an answer, in milliseconds; undefined as long as there was none. */
export interface Latency {
  readonly p50: number | undefined
  readonly p99: number | undefined
}

const quantiles = [0.5, 0.99]
const recentLatency = Metric.summary("demo_recent_latency", { maxAge: "10 seconds", maxSize: 2_000, quantiles })
const wholeLatency = Metric.summary("demo_latency", { maxAge: "1 day", maxSize: 20_000, quantiles })

const latencyOf = (metric: typeof recentLatency): Effect.Effect<Latency> =>
  Effect.map(Metric.value(metric), ({ quantiles }) => ({ p50: quantiles[0]?.[1], p99: quantiles[1]?.[1] }))

/** What a run of the demo counts; memory does not grow with its length. */
export const makeDemoStatistics = () => {
  let totals = none
  return {
    totals: (): DemoTotals => totals,
    sending: (batch: ReadonlyArray<TrafficItem>): void => {
      totals = { ...totals, sent: totals.sent + batch.length, requests: totals.requests + 1 }
    },
    answered: (batch: ReadonlyArray<TrafficItem>, report: IngestReport | undefined): void => {
      totals = afterAnswer(totals, batch, report)
    },
    retrying: (trouble: string): void => {
      totals = { ...totals, retries: totals.retries + 1, lastTrouble: trouble }
    },
    answerTook: (millis: number): Effect.Effect<void> =>
      Effect.andThen(Metric.update(recentLatency, millis), Metric.update(wholeLatency, millis)),
    /** Of the last seconds. */
    recentLatency: latencyOf(recentLatency),
    /** Of the whole run (its last 20,000 answers). */
    latency: latencyOf(wholeLatency)
  }
}
export type DemoStatistics = ReturnType<typeof makeDemoStatistics>
