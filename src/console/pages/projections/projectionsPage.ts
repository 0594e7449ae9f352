import * as Effect from "effect/Effect"
import { ProjectionRunner } from "../../../projections/runner/ProjectionRunner.ts"
import { ProjectionVersions } from "../../../projections/versions/ProjectionVersions.ts"
import { grouped } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { page } from "../../requests/ConsoleRequest.ts"
import { operatorRoute } from "../../requests/ConsoleRoute.ts"
import { parkedPath, projectionsPath } from "./paths.ts"
import { versionsTable } from "./versionsTable.ts"

/** Every version that the database knows, and how far behind the projections are. */
export const projectionsPage = operatorRoute({
  path: "/projections",
  answer: Effect.fnUntraced(function*() {
    const versions = yield* (yield* ProjectionVersions).list
    const status = (yield* ProjectionRunner).status()
    const toRebuild = versions.filter(({ state }) => state === "ToBeRebuilt")
    return page({
      title: "Projections",
      section: projectionsPath,
      body: html`<h1>Projections</h1>
<p class="lead">A projection makes counters from the events. A changed rule is a new version beside the active one:
it is rebuilt from the log, compared, and activated from one moment to the next.</p>
<div class="cards">
${card("Counters are behind by", lag(status.lagEvents, status.lagSeconds))}
${card("Rankings are behind by", lag(status.rankingLagEvents, status.rankingLagSeconds))}
${card("Versions to rebuild", grouped(toRebuild.length))}
${
        card(
          "Parked users",
          status.parkedUsers === null
            ? "not measured yet"
            : status.parkedUsers === 0
            ? "0"
            : html`<a href="${parkedPath()}">${grouped(status.parkedUsers)}</a>`
        )
      }
</div>
${versionsTable(versions)}`
    })
  })
})

const card = (label: string, value: Html | string): Html =>
  html`<div class="card"><div class="label">${label}</div><div class="figure">${value}</div></div>`

const lag = (events: number | null, seconds: number | null): Html | string =>
  events === null
    ? "not measured yet"
    : html`${grouped(events)} <small>events${seconds === null || events === 0 ? "" : `, ${Math.ceil(seconds)} s`}</small>`
