import * as Effect from "effect/Effect"
import type { TenantEvent } from "../../../event-log/statements/newestOfTenant.ts"
import { TenantLog } from "../../../event-log/TenantLog.ts"
import { Position } from "../../../values/Position.ts"
import { Slice } from "../../../values/Slice.ts"
import { grouped } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import { prettyJson } from "../../markup/prettyJson.ts"
import { noSuchPage } from "../../requests/ConsoleProblem.ts"
import { page } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { inReadShare } from "../../requests/readingProblems.ts"
import { playerLink, playerPath } from "../players/player.ts"
import { eventPath, eventsPath } from "./eventPaths.ts"
import { eventSummary } from "./eventSummary.ts"

/** The characters of an event's data that are shown, and the most if the reader asks for all. */
const [shownAtOnce, most] = [20_000, 1_000_000]

/** One event of the log, with its place and its data. */
export const eventPage = tenantRoute({
  scope: "read",
  path: "/events/:slice/:position",
  answer: Effect.fnUntraced(function*({ param, query, tenant }) {
    const [slice, position] = [param("slice"), param("position")]
    const nothing = noSuchPage("No event of this tenant is there. An event of a player who was erased is nowhere.")
    if (!/^\d{1,3}$/.test(slice) || Number(slice) > 255 || !/^\d{1,15}$/.test(position)) return yield* nothing
    const place = { slice: Slice(Number(slice)), position: Position(Number(position)) }
    const { find } = yield* TenantLog
    const event = yield* inReadShare(tenant)(find(tenant.tenantId, place))
    if (event === undefined) return yield* nothing
    return page({
      title: `Event ${slice}/${position}`,
      section: eventsPath(tenant.name),
      body: body(tenant.name, event, query.has("all"))
    })
  })
})

const body = (tenant: string, event: TenantEvent, isWhole: boolean): Html => {
  const { bytes, eventType, occurredAt, payloadVersion, place, recordedAt, userId } = event
  return html`<p><a href="${eventsPath(tenant)}">← Events</a></p>
<h1>${eventSummary(userId, event)}</h1>
<div class="wide"><table class="facts"><tbody>
<tr><th scope="row">Player</th><td>${playerLink(tenant, userId)}</td></tr>
<tr><th scope="row">Kind</th><td>${eventType}</td></tr>
<tr><th scope="row">Happened</th><td>${moment(new Date(occurredAt))}</td></tr>
<tr><th scope="row">Recorded</th><td>${moment(new Date(recordedAt))} <a href="${playerPath(tenant, userId)}?as_of=${
    new Date(recordedAt).toISOString()
  }">the player's counters then</a></td></tr>
<tr><th scope="row">Place</th><td>position ${place.position} of slice ${place.slice}</td></tr>
<tr><th scope="row">Stored form</th><td>version ${payloadVersion}, ${grouped(bytes)} bytes</td></tr>
</tbody></table></div>
<h2 id="data">Data</h2>${data(tenant, event, isWhole)}
<p class="links"><a href="${playerPath(tenant, userId)}/events?before=${
    place.position + 1
  }">What it changed, and the events before it</a></p>`
}

const data = (tenant: string, { bytes, payload, place }: TenantEvent, isWhole: boolean): Html => {
  if (payload === null) return html`<p class="note">With ${grouped(bytes)} bytes it is too large to be shown.</p>`
  const length = isWhole ? most : shownAtOnce
  return html`<pre tabindex="0" aria-labelledby="data">${prettyJson(payload.slice(0, length))}</pre>${
    payload.length <= length
      ? undefined
      : html`<p class="note">The first ${grouped(length)} of ${grouped(payload.length)} characters.${
        isWhole
          ? " The API has the others."
          : html` <a href="${eventPath(tenant, place)}?all=1">Show ${payload.length > most ? "more" : "all"}</a>`
      }</p>`
  }`
}
