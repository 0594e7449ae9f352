import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Doctor } from "../../database/doctor/Doctor.ts"
import { readinessNow } from "../../http/service/readyz.ts"
import type { PartitionChecks } from "../../readiness/ReadinessChecks.ts"
import { lineChart } from "../charts/lineChart.ts"
import type { Figures } from "../live/figuresBetween.ts"
import { LiveFigures, type SeenFigures } from "../live/LiveFigures.ts"
import { greatestOf, sumOf } from "../live/parseMetrics.ts"
import { type Html, html } from "../markup/html.ts"
import { duration, figure } from "../markup/numbers.ts"
import { page } from "../requests/ConsoleRequest.ts"
import { liveRoute, operatorRoute } from "../requests/ConsoleRoute.ts"
import { concernList, concernsNow } from "./attention.ts"

const path = "/console/overview"

/** Five minutes, as the charts show them. */
const span = 300_000

/** What the service does now, and what needs the operator. */
const overviewPage = operatorRoute({
  path: "/overview",
  answer: Effect.fnUntraced(function*() {
    const { now } = yield* LiveFigures
    const seen = yield* now
    const sizes = yield* databaseSizes
    return page({
      title: "Overview",
      section: path,
      body: html`<h1>Overview</h1>
<div hx-ext="sse" sse-connect="${path}/live" sse-close="over">
<section aria-labelledby="attention"><h2 id="attention">What needs attention</h2>
<div sse-swap="attention">${concernList(yield* concernsNow(seen.latest.metrics))}</div></section>
<section aria-labelledby="now"><h2 id="now">Now</h2>
<div sse-swap="figures">${figures(seen)}</div></section>
<section aria-labelledby="minutes"><h2 id="minutes">The last five minutes</h2>
<div class="charts" sse-swap="charts">${charts(seen.figures)}</div></section>
<section aria-labelledby="partitions"><h2 id="partitions">Partitions</h2>
<div sse-swap="partitions">${yield* partitions}</div></section>
</div>
<section aria-labelledby="sizes"><h2 id="sizes">Sizes</h2>${sizes}</section>`
    })
  })
})

/** What the databases hold, as the doctor finds it. The rest of the page does without. */
const databaseSizes = Effect.gen(function*() {
  const { examineDatabase } = yield* Doctor
  const findings = yield* Effect.orElseSucceed(examineDatabase, () => [])
  const sizes = findings.filter(({ subject }) => /\b(?:size|disk)$/.test(subject))
  return html`<div class="wide"><table><tbody>${
    sizes.map(({ says, subject }) => html`<tr><th scope="row">${subject}</th><td>${says}</td></tr>`)
  }</tbody></table></div>`
})

/** The parts of the page, every two seconds. */
const liveOverview = liveRoute({
  path: "/overview/live",
  parts: () =>
    Effect.gen(function*() {
      const { changes } = yield* LiveFigures
      const context = yield* Effect.context<Effect.Services<ReturnType<typeof concernsNow>> | Effect.Services<typeof partitions>>()
      return changes.pipe(
        Stream.mapEffect((seen) =>
          Effect.provideContext(
            Effect.gen(function*() {
              return [
                { event: "attention", body: concernList(yield* concernsNow(seen.latest.metrics)) },
                { event: "figures", body: figures(seen) },
                { event: "charts", body: html`${charts(seen.figures)}` },
                { event: "partitions", body: yield* partitions }
              ]
            }),
            context
          )
        ),
        Stream.flattenIterable
      )
    })
})

const card = (label: string, value: string, note?: string): Html =>
  html`<div class="card"><div class="label">${label}</div><div class="figure">${value}</div>${
    note === undefined ? undefined : html`<div class="label">${note}</div>`
  }</div>`

const known = (seconds: number | undefined): string => seconds === undefined ? "–" : duration(seconds)

const figures = ({ figures, latest: { metrics } }: SeenFigures): Html => {
  const last = figures.at(-1)
  const events = (outcome: string) => figure(sumOf(metrics, "playtally_events_total", { outcome }))
  return html`<div class="cards">
${card("Events stored a second", figure(last?.stored ?? 0), `${events("accepted")} since the start`)}
${card("Duplicates a second", figure(last?.duplicates ?? 0), `${events("duplicate")} since the start`)}
${
    card(
      "Rejected a second",
      figure(last?.rejected ?? 0),
      `${
        figure(
          sumOf(metrics, "playtally_events_total", { outcome: "invalid" }) +
            sumOf(metrics, "playtally_events_total", { outcome: "conflict" })
        )
      } since the start`
    )
  }
${card("Batches are answered in", known(last?.answerMedian), `99 of 100 in ${known(last?.answerP99)}`)}
${card("Counters are behind by", known(last?.lag), `${figure(greatestOf(metrics, "playtally_projection_lag_events") ?? 0)} events`)}
${card("Leaderboards are behind by", known(last?.rankingLag), `${figure(greatestOf(metrics, "playtally_ranking_lag_events") ?? 0)} events`)}
${
    card(
      "Connections",
      figure(sumOf(metrics, "playtally_http_connections")),
      `of ${figure(sumOf(metrics, "playtally_http_connections_limit"))}`
    )
  }
${
    card(
      "Events in flight",
      figure(sumOf(metrics, "playtally_events_in_flight")),
      `of ${figure(sumOf(metrics, "playtally_events_in_flight_limit"))}`
    )
  }
</div>`
}

const charts = (figures: ReadonlyArray<Figures>): ReadonlyArray<Html> => {
  const moments = figures.map(({ at }) => at)
  const last = figures.at(-1)
  const shared = { moments, span }
  return [
    lineChart({
      ...shared,
      title: "Events stored a second, by kind",
      format: figure,
      series: Object.keys(last?.storedOf ?? {}).map((kind) => ({
        name: kind,
        values: figures.map(({ storedOf }) => storedOf[kind])
      }))
    }),
    lineChart({
      ...shared,
      title: "Duplicates and rejected items a second",
      format: figure,
      series: [
        { name: "duplicates", values: figures.map(({ duplicates }) => duplicates) },
        { name: "rejected", values: figures.map(({ rejected }) => rejected) }
      ]
    }),
    lineChart({
      ...shared,
      title: "Time until a batch is answered",
      format: duration,
      series: [
        { name: "half of them", values: figures.map(({ answerMedian }) => finite(answerMedian)) },
        { name: "99 of 100", values: figures.map(({ answerP99 }) => finite(answerP99)) }
      ]
    }),
    lineChart({
      ...shared,
      title: "How far numbers are behind the log",
      format: duration,
      series: [
        { name: "counters", values: figures.map(({ lag }) => lag) },
        { name: "leaderboards", values: figures.map(({ rankingLag }) => rankingLag) }
      ]
    })
  ]
}

/** The curve ends where the last bucket does. */
const finite = (seconds: number | undefined): number | undefined => seconds === Infinity ? 60 : seconds

/** The partitions of the log, or the one that it has. */
const partitions = Effect.map(readinessNow, ({ checks }) => {
  const all: ReadonlyArray<PartitionChecks> = checks.partitions ?? [{
    ...checks,
    partition: 0,
    server: "home",
    moving: false,
    running: checks.projections.running,
    lag_events: checks.projections.lag_events,
    lag_seconds: checks.projections.lag_seconds
  }]
  return html`<div class="wide"><table>
<thead><tr><th scope="col">Partition</th><th scope="col">Server</th><th scope="col">State</th><th scope="col">Counters</th><th scope="col" class="number">Events behind</th><th scope="col" class="number">Behind by</th></tr></thead>
<tbody>${
    all.map((partition) =>
      html`<tr><th scope="row">${partition.partition}</th><td>${partition.server}</td><td>${state(partition)}</td>
<td>${partition.running ? "fed" : html`<span class="badge bad">stand still</span>`}</td>
<td class="number">${partition.lag_events === null ? "–" : figure(partition.lag_events)}</td><td class="number">${
        partition.lag_seconds === null ? "–" : duration(partition.lag_seconds)
      }</td></tr>`
    )
  }</tbody></table></div>`
})

const state = ({ database, log_whole, migrations, moving, writable }: PartitionChecks): Html =>
  !database
    ? html`<span class="badge bad">does not answer</span>`
    : !migrations
    ? html`<span class="badge bad">another schema</span>`
    : !log_whole
    ? html`<span class="badge warning">being imported</span>`
    : moving
    ? html`<span class="badge warning">moving</span>`
    : !writable
    ? html`<span class="badge bad">read-only</span>`
    : html`<span class="badge good">serves</span>`

export const overviewRoutes = [overviewPage, liveOverview]
