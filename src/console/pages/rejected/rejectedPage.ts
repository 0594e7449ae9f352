import * as Effect from "effect/Effect"
import { identityOf, issuesOf } from "../../../ingest/rejected/describeRejection.ts"
import { type ListedRejection, type Reason, reasons } from "../../../ingest/rejected/keptRejections.ts"
import { RejectedItems } from "../../../ingest/rejected/RejectedItems.ts"
import { confirmation } from "../../markup/confirmation.ts"
import { grouped } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import { isAllowed, page, type TenantRequest } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { itemPath, reasonNames, rejectedPath } from "./rejectedPaths.ts"

const pageSize = 50
/** Characters of an issue that the list shows. */
const longestIssue = 140

/** What the filter and the place of a page are in its query; nothing else gets any further. */
const asked = (query: URLSearchParams) => {
  const reason = reasons.find((each) => each === query.get("reason"))
  const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.exec(query.get("instant") ?? "")?.[0]
  const hash = /^[\da-f]{64}$/.exec(query.get("hash") ?? "")?.[0]
  return { reason, after: instant === undefined || hash === undefined ? undefined : { instant, hash } }
}

/** What was refused, the latest first. */
export const rejectedPage = tenantRoute({
  path: "/rejected",
  scope: "read",
  answer: Effect.fnUntraced(function*(request) {
    const { query, tenant } = request
    const { after, reason } = asked(query)
    const { counts, list } = yield* RejectedItems
    const count = yield* counts(tenant.tenantId)
    const items = yield* list(tenant.tenantId, { reason, after, limit: pageSize })
    const own = rejectedPath(tenant.name)
    const last = items.at(-1)
    return page({
      title: "Rejected",
      section: own,
      body: html`<h1>Rejected items</h1>
<p class="lead">Items that were refused are kept as they came, so that nothing is lost. After a fix of the data or of the service they can be replayed.</p>
${
        count.size === 0
          ? html`<p class="empty">Nothing is kept: every item that was sent has been stored, or its time is over.</p>`
          : html`${reasonList(own, count, reason)}
${
            items.length === 0
              ? html`<p class="empty">There are no such items${after === undefined ? "" : " beyond those"}.</p>`
              : table(tenant.name, items)
          }
${
            items.length === pageSize && last !== undefined
              ? html`<p><a href="${own}?${
                new URLSearchParams({ ...reason === undefined ? {} : { reason }, instant: last.instant, hash: last.hash }).toString()
              }">Older</a></p>`
              : undefined
          }${replay(request, count, reason)}`
      }`
    })
  })
})

const reasonList = (own: string, count: ReadonlyMap<Reason, number>, chosen: Reason | undefined): Html => {
  const all = [...count.values()].reduce((sum, items) => sum + items, 0)
  const link = (path: string, isChosen: boolean, text: string) =>
    html`<li><a href="${path}"${isChosen ? html` aria-current="true"` : undefined}>${text}</a></li>`
  return html`<nav aria-label="By reason"><ul class="reasons">${link(own, chosen === undefined, `All ${grouped(all)}`)}${
    reasons.map((reason) => link(`${own}?reason=${reason}`, chosen === reason, `${reasonNames[reason]} ${grouped(count.get(reason) ?? 0)}`))
  }</ul></nav>`
}

const table = (tenant: string, items: ReadonlyArray<ListedRejection>): Html =>
  html`<div class="wide"><table>
<thead><tr><th scope="col">Last refused</th><th scope="col">Item</th><th scope="col">Reason</th><th scope="col">What is wrong</th>
<th scope="col" class="number">Times</th></tr></thead>
<tbody>${
    items.map((item) => {
      const { event, id } = identityOf(item)
      const [first, ...more] = issuesOf(item)
      return html`<tr><td>${moment(item.lastAt)}</td>
<th scope="row"><a href="${itemPath(tenant, item)}">${event ?? (item.truncated ? "(too long)" : "(no kind)")}</a> <code>${id}</code></th>
<td><span class="badge warning">${reasonNames[item.reason]}</span></td>
<td>${
        first === undefined
          ? undefined
          : html`${first.path === "" ? undefined : html`<code>${cut(first.path)}</code> `}${cut(first.message)}`
      }${more.length === 0 ? undefined : html` <span class="note">and ${more.length} more</span>`}</td>
<td class="number">${grouped(item.times)}</td></tr>`
    })
  }</tbody></table></div>`

const cut = (text: string): string => text.length > longestIssue ? `${text.slice(0, longestIssue)}…` : text

const replay = (request: TenantRequest, count: ReadonlyMap<Reason, number>, reason: Reason | undefined): Html | undefined => {
  const { tenant, viewer } = request
  if (!isAllowed(viewer, tenant, "admin")) return undefined
  const items = [...count].reduce((sum, [each, items]) => reason === undefined || each === reason ? sum + items : sum, 0)
  if (items === 0) return undefined
  const which = reason === undefined ? "all" : `all ${reasonNames[reason]}`
  return confirmation(request, {
    action: `${rejectedPath(tenant.name)}/replay`,
    does: `Replay ${which}`,
    fields: reason === undefined ? undefined : html`<input type="hidden" name="reason" value="${reason}">`,
    says: html`<p>Sends ${grouped(items)} items the way of a request again. What can be stored now is stored, and counts from then on.
What is refused again stays, with its new reason.</p>`,
    word: tenant.name
  })
}
