import * as Effect from "effect/Effect"
import type { KeptRejection } from "../../../ingest/rejected/keptRejections.ts"
import { type FoundRejections, RejectedSearch } from "../../../ingest/rejected/RejectedSearch.ts"
import type { UserId } from "../../../values/UserId.ts"
import { grouped, inWords } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import { prettyJson } from "../../markup/prettyJson.ts"
import { badRequest } from "../../requests/ConsoleProblem.ts"
import { page, part } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { inReadShare } from "../../requests/readingProblems.ts"
import { playerOf, playerPath, playersPath } from "./player.ts"

/** The rejected items that name a player. A page, or a part of one. */
export const playerRejected = tenantRoute({
  scope: "read",
  path: "/players/:user/rejected",
  answer: Effect.fnUntraced(function*(request) {
    const { query, tenant } = request
    const userId = yield* playerOf(request)
    const after = query.get("after") ?? ""
    if (!/^(?:[\da-f]{64})?$/.test(after)) return yield* badRequest("The page of rejected items is unknown.")
    const { naming } = yield* RejectedSearch
    const found = yield* inReadShare(tenant)(naming(tenant.tenantId, userId, after))
    const body = rejectedBody(tenant.name, userId, { found, isFirst: after === "" })
    return query.has("part") ? part(body) : page({
      title: `Rejected items that name ${userId}`,
      section: playersPath(tenant.name),
      body: html`<p><a href="${playerPath(tenant.name, userId)}">← ${userId}</a></p><h1>Rejected items that name ${userId}</h1>${body}`
    })
  })
})

const rejectedBody = (
  tenant: string,
  userId: UserId,
  { found: { items, next }, isFirst }: { readonly found: FoundRejections; readonly isFirst: boolean }
): Html => {
  const more = next === undefined ? undefined : `${playerPath(tenant, userId)}/rejected?after=${next}`
  return html`<div class="rejected">${
    items.length === 0
      ? html`<p class="empty">${
        more === undefined
          ? `No ${isFirst ? "" : "further "}rejected item names the player.`
          : "None of the items looked at so far names the player."
      }</p>`
      : items.map(itemBody)
  }${
    more === undefined
      ? undefined
      : html`<p class="links"><a href="${more}" hx-get="${more}&amp;part=1" hx-target="closest .rejected" hx-swap="outerHTML">Search further items</a></p>`
  }</div>`
}

/** The characters of an item that are shown. An item is kept with 16,384 at most. */
const longest = 16_384

const itemBody = ({ issues, item, lastAt, reason, times, truncated }: KeptRejection): Html =>
  html`<details class="panel item"><summary>${moment(lastAt)} <span class="badge ${reason === "invalid" ? "bad" : "warning"}">${
    inWords(reason)
  }</span> ${issueText(issues)}${times > 1 ? html` <span class="note">sent ${grouped(times)} times</span>` : undefined}</summary>
<pre tabindex="0">${truncated ? item.slice(0, longest) : prettyJson(item).slice(0, 2 * longest)}</pre>${
    truncated ? html`<p class="note">The item was longer: this is its beginning.</p>` : undefined
  }</details>`

/** What was wrong with an item, in a line. */
const issueText = (issues: unknown): string => {
  const [first]: ReadonlyArray<{ readonly path?: ReadonlyArray<string | number>; readonly message?: string }> = Array.isArray(issues)
    ? issues
    : []
  return first === undefined ? "" : `${(first.path ?? []).join(".")} ${first.message ?? ""}`.trim().slice(0, 200)
}
