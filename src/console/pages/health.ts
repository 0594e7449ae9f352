import * as Effect from "effect/Effect"
import { Doctor } from "../../database/doctor/Doctor.ts"
import type { Finding } from "../../database/doctor/Finding.ts"
import { type Html, html } from "../markup/html.ts"
import { ConsoleProblem } from "../requests/ConsoleProblem.ts"
import { page } from "../requests/ConsoleRequest.ts"
import { operatorRoute } from "../requests/ConsoleRoute.ts"
import { concernList, concernOf } from "./attention.ts"

/** What the doctor finds now: what is wrong, and what mends it. */
export const healthPage = operatorRoute({
  path: "/health",
  answer: Effect.fnUntraced(function*() {
    const { examine } = yield* Doctor
    const findings = yield* examine.pipe(
      Effect.catchTag(
        "SessionUnfit",
        ({ message }) => Effect.fail(new ConsoleProblem({ status: 503, title: "The database cannot be used", detail: message }))
      )
    )
    const concerns = findings.filter(({ level }) => level !== "ok").toSorted((one, other) => order(one) - order(other))
    return page({
      title: "Health",
      section: "/console/health",
      body: html`<h1>Health</h1>
<p class="lead">What <code>npm run cli -- doctor</code> finds now. Nothing is changed by looking.</p>
${concernList(concerns.map(concernOf))}
<h2>What is right</h2>
${table(findings.filter(({ level }) => level === "ok"))}`
    })
  })
})

const order = ({ level }: Finding): number => level === "wrong" ? 0 : 1

const table = (findings: ReadonlyArray<Finding>): Html =>
  html`<div class="wide"><table>
<thead><tr><th scope="col">Subject</th><th scope="col">What was found</th></tr></thead>
<tbody>${
    findings.map(({ mend, says, subject }) =>
      html`<tr><th scope="row">${subject}</th><td>${says}${mend === undefined ? undefined : html`<br><code>${mend}</code>`}</td></tr>`
    )
  }</tbody></table></div>`
