import * as Effect from "effect/Effect"
import { type AuditEntry, AuditLog } from "../../operators/AuditLog.ts"
import { type Html, html } from "../markup/html.ts"
import { moment } from "../markup/moment.ts"
import { page } from "../requests/ConsoleRequest.ts"
import { operatorRoute } from "../requests/ConsoleRoute.ts"

const path = "/console/audit"
const pageSize = 100

/** The changes that were made from the console, the newest first. */
export const auditPage = operatorRoute({
  path: "/audit",
  answer: Effect.fnUntraced(function*({ query }) {
    const { list } = yield* AuditLog
    const before = /^\d{1,15}$/.test(query.get("before") ?? "") ? Number(query.get("before")) : undefined
    const entries = yield* list({ before, limit: pageSize })
    const last = entries.at(-1)
    return page({
      title: "Audit",
      section: path,
      body: html`<h1>Audit</h1>
<p class="lead">Every change that was made from the console: who, what, when, and how it ended. Reading leaves no entry.</p>
${
        entries.length === 0
          ? html`<p class="empty">Nothing was changed from the console${before === undefined ? "" : " before that"}.</p>`
          : table(entries)
      }
${entries.length === pageSize && last !== undefined ? html`<p><a href="${path}?before=${last.id}">Older</a></p>` : undefined}`
    })
  })
})

const table = (entries: ReadonlyArray<AuditEntry>): Html =>
  html`<div class="wide"><table>
<thead><tr><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Of</th><th scope="col">Tenant</th><th scope="col">Outcome</th></tr></thead>
<tbody>${
    entries.map((entry) =>
      html`<tr><td>${
        moment(entry.at)
      }</td><td>${entry.actor}</td><td>${entry.action}</td><td><code>${entry.target}</code></td><td>${entry.tenant}</td>
<td><span class="badge ${badges[entry.outcome]}">${entry.outcome}</span> ${entry.detail}</td></tr>`
    )
  }</tbody></table></div>`

const badges = { begun: "warning", done: "good", failed: "bad" } as const
