import * as Effect from "effect/Effect"
import { identityOf, issuesOf } from "../../../ingest/rejected/describeRejection.ts"
import { reasons } from "../../../ingest/rejected/keptRejections.ts"
import { RejectedItems } from "../../../ingest/rejected/RejectedItems.ts"
import { confirmation } from "../../markup/confirmation.ts"
import { grouped } from "../../markup/figure.ts"
import { html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import { prettyJson } from "../../markup/prettyJson.ts"
import { noSuchPage } from "../../requests/ConsoleProblem.ts"
import { isAllowed, page, type TenantRequest } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { itemPath, reasonNames, rejectedPath } from "./rejectedPaths.ts"

/** The item that a path names. */
export const findItem = Effect.fnUntraced(function*({ param, tenant }: TenantRequest) {
  const [reason, hash] = [reasons.find((each) => each === param("reason")), param("hash")]
  const item = reason === undefined || !/^[\da-f]{64}$/.test(hash)
    ? undefined
    : yield* (yield* RejectedItems).find(tenant.tenantId, { reason, hash })
  return item ?? (yield* noSuchPage("There is no such item, or none any more: it was replayed, or its time is over."))
})

/** One item: what is wrong with it, and its content as it was kept. */
export const itemPage = tenantRoute({
  path: "/rejected/:reason/:hash",
  scope: "read",
  answer: Effect.fnUntraced(function*(request) {
    const { tenant, viewer } = request
    const item = yield* findItem(request)
    const { event, id } = identityOf(item)
    const own = rejectedPath(tenant.name)
    return page({
      title: event ?? "Rejected item",
      section: own,
      body: html`<p><a href="${own}">Rejected items</a></p><h1>${event ?? "Rejected item"}</h1>
<p class="lead">${id === undefined ? undefined : html`<code>${id}</code> · `}${reasonNames[item.reason]} · refused ${
        item.times === 1 ? "once" : `${grouped(item.times)} times`
      }, first ${moment(item.firstAt)}, last ${moment(item.lastAt)}</p>
<h2>What is wrong</h2>
<div class="wide"><table><thead><tr><th scope="col">At</th><th scope="col">Problem</th></tr></thead>
<tbody>${
        issuesOf(item).map(({ message, path }) =>
          html`<tr><td><code>${path === "" ? "the item" : path}</code></td><td>${message}</td></tr>`
        )
      }</tbody></table></div>
<h2>The item</h2>
${item.truncated ? html`<p>Only its beginning was kept, so its sender has to send it again.</p>` : undefined}
<pre tabindex="0" aria-label="The item">${prettyJson(item.item)}</pre>
${
        item.truncated || !isAllowed(viewer, tenant, "admin") ? undefined : confirmation(request, {
          action: `${itemPath(tenant.name, item)}/replay`,
          does: "Replay it",
          says: html`<p>Sends the item the way of a request again. If it can be stored now, it is stored and counts from then on.
If it is refused again, it stays with its new reason.</p>`,
          word: tenant.name
        })
      }`
    })
  })
})
