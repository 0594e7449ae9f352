import type { DemoTotals, Latency } from "./DemoStatistics.ts"

const count = (value: number): string => value.toLocaleString("en-US")
const millis = (value: number | undefined): string =>
  value === undefined ? "-" : value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`
const seconds = (value: number): string => `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} s`

/** How far the run is, in one line. `rate` is items a second, times are milliseconds. */
export const progressLine = (
  totals: DemoTotals,
  { duration, elapsed, latency, rate }: {
    readonly elapsed: number
    readonly duration: number
    readonly rate: number
    readonly latency: Latency
  }
): string =>
  [
    `${seconds(elapsed)} of ${seconds(duration)}`,
    `${count(Math.round(rate))}/s`,
    `sent ${count(totals.sent)}`,
    `stored ${count(totals.stored)}`,
    `repeats ${count(totals.repeats)}`,
    `rejected ${count(totals.rejected)}`,
    ...totals.retries === 0 ? [] : [`retries ${count(totals.retries)} (${totals.lastTrouble})`],
    `p50 ${millis(latency.p50)}`,
    `p99 ${millis(latency.p99)}`
  ].join("  ")

/** What came of the run, as lines. */
export const summaryLines = (totals: DemoTotals, elapsed: number, latency: Latency): ReadonlyArray<string> => {
  const { conflicts, invalid, surprise } = totals
  const unanswered = totals.sent - totals.answered
  return [
    `Sent ${count(totals.sent)} items in ${count(totals.requests)} requests, ${seconds(elapsed)}: ${
      count(Math.round(totals.sent / elapsed * 1_000))
    }/s`,
    `  stored     ${count(totals.stored)}`,
    `  repeats    ${count(totals.repeats)}, sent again as they were`,
    `  rejected   ${
      count(totals.rejected)
    }: ${invalid.rejected} of ${invalid.made} with a mistake, ${conflicts.rejected} of ${conflicts.made} with other content under a used id`,
    ...surprise === undefined
      ? []
      : [`  unexpected ${surprise.event} ${surprise.id} was rejected: ${surprise.issues[0]?.message ?? surprise.reason}`],
    ...unanswered === 0 ? [] : [`  no answer  ${count(unanswered)}, still under way when the demo ended`],
    ...totals.retries === 0 ? [] : [`  retries    ${count(totals.retries)}, the last because ${totals.lastTrouble}`],
    `  answers    p50 ${millis(latency.p50)}, p99 ${millis(latency.p99)}`
  ]
}
