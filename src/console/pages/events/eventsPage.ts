import * as Effect from "effect/Effect"
import { EventLog } from "../../../event-log/EventLog.ts"
import type { LogPlace, TenantEvent } from "../../../event-log/statements/newestOfTenant.ts"
import { TenantLog, type TenantPage } from "../../../event-log/TenantLog.ts"
import { type EventType, eventTypes, isEventType } from "../../../fasttrack/FastTrackEvent.ts"
import type { Tenant } from "../../../tenants/Tenant.ts"
import { Position } from "../../../values/Position.ts"
import { Slice } from "../../../values/Slice.ts"
import type { UserId } from "../../../values/UserId.ts"
import { type Content, type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import { badRequest } from "../../requests/ConsoleProblem.ts"
import { page, part } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { inReadShare } from "../../requests/readingProblems.ts"
import { asUserId, playerLink } from "../players/player.ts"
import { eventLink, eventsPath } from "./eventPaths.ts"
import { eventSummary } from "./eventSummary.ts"

const pageSize = 50
/** A list that is renewed by itself ends after so many times: nobody may be looking any more. */
const mostRenewals = 200
const renewedEvery = "3s"

/** The log of a tenant as it came, newest first: of one kind, of one player, or all. */
export const eventsPage = tenantRoute({
  scope: "read",
  path: "/events",
  answer: Effect.fnUntraced(function*({ query, tenant }) {
    const asked = yield* askedOf(query)
    const found = yield* readEvents(tenant, asked)
    const shown = { tenant: tenant.name, asked, found }
    return page({ title: "Events", section: eventsPath(tenant.name), body: body(shown) })
  })
})

/** The newest events again, for a page that asks by itself. */
export const newestEventsPart = tenantRoute({
  scope: "read",
  path: "/events/newest",
  isRenewal: true,
  answer: Effect.fnUntraced(function*({ query, tenant }) {
    const asked = yield* askedOf(query)
    const found = yield* readEvents(tenant, asked)
    const left = Math.min(mostRenewals, Number(/^\d{1,4}$/.exec(query.get("left") ?? "")?.[0] ?? 0))
    return part(liveList({ tenant: tenant.name, asked, found }, left))
  })
})

/** What a reader asks for. */
interface Asked {
  readonly kind: EventType | undefined
  readonly player: UserId | undefined
  readonly before: LogPlace | undefined
}

const askedOf = Effect.fnUntraced(function*(query: URLSearchParams) {
  const kind = query.get("kind") ?? ""
  const player = query.get("player")?.trim() ?? ""
  const before = query.get("before") ?? ""
  if (kind !== "" && !isEventType(kind)) return yield* badRequest(`The kind is one of ${eventTypes.join(", ")}.`)
  const place = placeOf(before)
  if (before !== "" && place === undefined) return yield* badRequest("The page of events is unknown.")
  return {
    kind: kind === "" ? undefined : kind,
    player: player === "" ? undefined : yield* asUserId(player),
    before: place
  } satisfies Asked
})

/** A place in a query, as {@link placeText} writes it. */
const placeOf = (text: string): LogPlace | undefined => {
  const [, recordedAt, slice, position] = /^(\d{1,17})-(\d{1,3})-(\d{1,15})$/.exec(text) ?? []
  return recordedAt === undefined || Number(slice) > 255
    ? undefined
    : { recordedAt, slice: Slice(Number(slice)), position: Position(Number(position)) }
}

const placeText = ({ position, recordedAt, slice }: LogPlace): string => `${recordedAt}-${slice}-${position}`

const readEvents = (tenant: Tenant, { before, kind, player }: Asked) =>
  player === undefined
    ? inReadShare(tenant)(Effect.flatMap(TenantLog, (log) => log.page(tenant.tenantId, { before, eventType: kind, limit: pageSize })))
    : inReadShare(tenant)(readPlayer(tenant, player, { before, kind }))

/** The events of one player, which are found however far back they are. */
const readPlayer = Effect.fnUntraced(
  function*({ tenantId }: Tenant, userId: UserId, { before, kind }: Pick<Asked, "before" | "kind">) {
    const { readUserPage } = yield* EventLog
    const found = yield* readUserPage({
      tenantId,
      userId,
      before: before?.position ?? Number.MAX_SAFE_INTEGER,
      limit: pageSize,
      ...kind === undefined ? {} : { eventType: kind }
    })
    const events = found.events.map((event): TenantEvent => ({
      ...event,
      userId,
      place: { recordedAt: `${event.recordedAt}000`, slice: event.slice, position: event.position }
    }))
    return { events, next: found.isMore ? events.at(-1)?.place : undefined, isFull: true } satisfies TenantPage
  }
)

interface Shown {
  readonly tenant: string
  readonly asked: Asked
  readonly found: TenantPage
}

const addressOf = (tenant: string, { before, kind, player }: Partial<Asked>, path = ""): string => {
  const query = new URLSearchParams()
  if (kind !== undefined) query.set("kind", kind)
  if (player !== undefined) query.set("player", player)
  if (before !== undefined) query.set("before", placeText(before))
  return `${eventsPath(tenant)}${path}${query.size === 0 ? "" : `?${query}`}`
}

const body = (shown: Shown): Html => {
  const { asked, tenant } = shown
  const { kind, player } = asked
  return html`<h1>Events</h1>
<p class="lead">The log as it came, newest first.</p>
<form method="get" action="${eventsPath(tenant)}" class="filters">
  <label>Kind <select name="kind"><option value="">all kinds</option>${
    eventTypes.map((name) => html`<option value="${name}"${name === kind ? html` selected` : undefined}>${name}</option>`)
  }</select></label>
  <label>Player <input name="player" value="${player}" maxlength="256" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
  <button>Show</button>
</form>
${asked.before === undefined ? liveList(shown, 0) : list(shown)}`
}

/** The newest events, with a button that has them renewed by themselves for a while. */
const liveList = (shown: Shown, left: number): Html => {
  const { asked, tenant } = shown
  const address = addressOf(tenant, { kind: asked.kind, player: asked.player }, "/newest")
  const renewal = (left: number) => `${address}${address.includes("?") ? "&" : "?"}left=${left}`
  const isLive = left > 0
  return html`<div class="live-events"${
    isLive ? html` hx-get="${renewal(left - 1)}" hx-trigger="every ${renewedEvery}" hx-swap="outerHTML"` : undefined
  }><p class="live"><button type="button" class="quiet" hx-get="${
    renewal(isLive ? 0 : mostRenewals)
  }" hx-target="closest .live-events" hx-swap="outerHTML" aria-pressed="${isLive ? "true" : "false"}">${
    isLive ? "Stop" : "Follow"
  }</button> <span class="note">${
    isLive ? html`<span class="badge good">live</span> Renewed every 3 seconds.` : "Shows new events as they come, for ten minutes."
  }</span></p>${list(shown)}</div>`
}

const list = ({ asked, found: { events, isFull, next }, tenant }: Shown): Html =>
  html`${
    events.length === 0
      ? html`<p class="empty">${emptyText(asked, next !== undefined)}</p>`
      : html`<div class="wide"><table><thead><tr><th scope="col">Recorded</th><th scope="col">Player</th><th scope="col">Event</th><th scope="col">Kind</th><th scope="col">Happened</th><th scope="col" class="number">Slice</th><th scope="col" class="number">Position</th></tr></thead>
<tbody>${events.map((event) => row(tenant, event))}</tbody></table></div>`
  }
<p class="links">${
    asked.before === undefined ? undefined : html`<a href="${addressOf(tenant, { kind: asked.kind, player: asked.player })}">Newest</a> `
  }${
    next === undefined ?
      undefined :
      html`<a href="${addressOf(tenant, { ...asked, before: next })}">${isFull ? "Older" : "Look further back"}</a>${
        isFull ? undefined : html` <span class="note">Looked back to ${moment(new Date(Number(next.recordedAt) / 1000))}.</span>`
      }`
  }</p>`

const emptyText = ({ before, kind, player }: Asked, isMore: boolean): Content =>
  isMore
    ? "None was found among the newest events of the log."
    : kind !== undefined || player !== undefined
    ? `There is no ${before === undefined ? "" : "older "}event${kind === undefined ? "" : ` of the kind ${kind}`}${
      player === undefined ? "" : " of this player"
    }.`
    : before !== undefined
    ? "There are no older events."
    : html`No event has come yet. The sender posts them to <code>/api/v1/integrations/fasttrack/bulk</code>.`

const row = (tenant: string, event: TenantEvent): Html =>
  html`<tr><td>${moment(new Date(event.recordedAt))}</td><td>${playerLink(tenant, event.userId)}</td><td>${
    eventLink(tenant, event.place, eventSummary(event.userId, event))
  }</td><td>${event.eventType.replace("realtime-", "")}</td><td>${
    moment(new Date(event.occurredAt))
  }</td><td class="number">${event.place.slice}</td><td class="number">${event.place.position}</td></tr>`
