import * as Effect from "effect/Effect"
import { type Explained, Explanation } from "../../../counters/history/Explanation.ts"
import type { ContributingEvent } from "../../../counters/history/PathHistory.ts"
import { summaryOf } from "../../../fasttrack/FastTrackEvent.ts"
import { addDecimals } from "../../../values/decimalArithmetic.ts"
import { inWords, signed, valueText } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import { page, part } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { inHistoryShare } from "../../requests/readingProblems.ts"
import { eventLink } from "../events/eventPaths.ts"
import { noSuchPlayer, playerOf, playerPath, playersPath } from "./player.ts"

const pageSize = 50

/**
 * Why a number is what it is: the events that made it, in their order. A page, or a part of one.
 */
export const explainPage = tenantRoute({
  scope: "read",
  path: "/players/:user/explain",
  answer: Effect.fnUntraced(function*(request) {
    const { query, tenant } = request
    const userId = yield* playerOf(request)
    const path = query.get("path") ?? ""
    const after = positionOf(query.get("after"))
    const { explain } = yield* Explanation
    const explained = yield* inHistoryShare(tenant)(explain(tenant, userId, { path, after, limit: pageSize, documents: "All" }))
    if (explained === undefined) return yield* noSuchPlayer(userId)
    const shown = { tenant: tenant.name, userId, explained, after }
    return query.has("part") ? part(explanation({ ...shown, isPart: true })) : page({
      title: `${explained.path} of ${userId}`,
      section: playersPath(tenant.name),
      body: html`<p><a href="${playerPath(tenant.name, userId)}">← ${userId}</a></p>${explanation({ ...shown, isPart: false })}`
    })
  })
})

/** A position in a query; 0 for anything else. */
export const positionOf = (text: string | null): number => text !== null && /^\d{1,15}$/.test(text) ? Number(text) : 0

interface Shown {
  readonly tenant: string
  readonly userId: string
  readonly explained: Explained
  readonly after: number
  readonly isPart: boolean
}

const explanation = ({ after, explained, isPart, tenant, userId }: Shown): Html => {
  const { contributions, isMore, kind, path, position, slice, value } = explained
  const root = `${playerPath(tenant, userId)}/explain?path=${encodeURIComponent(path)}`
  const last = contributions.at(-1)
  const title = path.split(".").map(inWords).join(" · ")
  const more = isMore && last !== undefined ? `${root}&after=${last.logged.position}` : undefined
  return html`<div class="explanation">
${isPart ? html`<h2>${title}</h2>` : html`<h1>${title}</h1>`}
<p class="figure">${valueText(kind, value)}</p>
<p class="note"><code>${path}</code>, from the events up to position ${position} of slice ${slice}.${
    isPart ? html` <a href="${root}">Open as a page</a>` : undefined
  }</p>
${
    contributions.length === 0
      ? html`<p class="empty">No ${after > 0 ? "further " : ""}event changed it.</p>`
      : html`<div class="wide"><table>
<caption class="unseen">The events that changed ${path}, in order of position</caption>
<thead><tr><th scope="col">Event</th><th scope="col" class="number">${kind === "other" ? "Became" : "Change"}</th>${
        kind === "other" ? undefined : html`<th scope="col" class="number">Value</th>`
      }</tr></thead>
<tbody>${contributions.map((contribution) => row(tenant, kind, contribution))}</tbody>
${
        kind === "other" ?
          undefined :
          html`<tfoot><tr><th scope="row">These ${contributions.length} events</th><td class="number">${
            signed(sumOf(contributions))
          }</td><td class="number">${valueText(kind, last?.value)}</td></tr></tfoot>`
      }</table></div>`
  }
${
    more === undefined
      ? kind === "other" || contributions.length === 0
        ? undefined
        : html`<p class="note">These are ${after > 0 ? "the last" : "all"}: the changes of all pages add up to ${
          valueText(kind, value)
        }.</p>`
      : html`<p><a href="${more}"${isPart ? html` hx-get="${more}&amp;part=1" hx-target="#explanation"` : undefined}>Next events</a></p>`
  }</div>`
}

const row = (tenant: string, kind: Explained["kind"], { contribution, logged, value }: ContributingEvent): Html =>
  html`<tr><td>${moment(new Date(logged.event.occurredAt))}<br>${eventLink(tenant, logged, summaryOf(logged.event))}</td>${
    kind === "other"
      ? html`<td class="number">${valueText(kind, value)}</td>`
      : html`<td class="number ${String(contribution).startsWith("-") ? "less" : "more"}">${
        signed(contribution as number | string)
      }</td><td class="number">${valueText(kind, value)}</td>`
  }</tr>`

const sumOf = (contributions: ReadonlyArray<ContributingEvent>): string =>
  contributions.reduce((sum, { contribution }) => addDecimals(sum, String(contribution)), "0")
