import * as Effect from "effect/Effect"
import { type CounterChange, type Effects, EventEffects } from "../../../counters/history/EventEffects.ts"
import { EventLog } from "../../../event-log/EventLog.ts"
import type { StoredUserEvent, UserPage } from "../../../event-log/statements/readUserPage.ts"
import type { Tenant } from "../../../tenants/Tenant.ts"
import type { UserId } from "../../../values/UserId.ts"
import { inWords, signed, valueText } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import type { ConsoleProblem } from "../../requests/ConsoleProblem.ts"
import { page, part } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { inHistoryShare, inReadShare } from "../../requests/readingProblems.ts"
import { eventLink } from "../events/eventPaths.ts"
import { eventSummary } from "../events/eventSummary.ts"
import { explainLink } from "./counterTables.ts"
import { positionOf } from "./explanation.ts"
import { noSuchPlayer, playerOf, playerPath, playersPath } from "./player.ts"

const pageSize = 20
/** More lines of changes than these are folded away. */
const mostGroups = 4

/** The events of a player, newest first, with what each changed. A page, or a part of one. */
export const timelinePage = tenantRoute({
  scope: "read",
  path: "/players/:user/events",
  answer: Effect.fnUntraced(function*(request) {
    const { query, tenant } = request
    const userId = yield* playerOf(request)
    const before = query.has("before") ? positionOf(query.get("before")) : Number.MAX_SAFE_INTEGER
    const events = yield* readTimeline(tenant, userId, before)
    if (events.events.length === 0 && !query.has("before")) return yield* noSuchPlayer(userId)
    const effects = yield* readEffects(tenant, userId, events)
    const shown = timeline({ tenant: tenant.name, userId, page: events, effects, before: query.has("before") ? before : undefined })
    return query.has("part") ? part(shown) : page({
      title: `Events of ${userId}`,
      section: playersPath(tenant.name),
      body: html`<p><a href="${playerPath(tenant.name, userId)}">← ${userId}</a></p><h1>Events of ${userId}</h1>
<p class="lead">Newest first. The position is the event's place in its slice of the log.</p>${shown}`
    })
  })
})

/** A page of a player's events before a position. */
export const readTimeline = ({ tenantId, ...tenant }: Tenant, userId: UserId, before = Number.MAX_SAFE_INTEGER) =>
  Effect.flatMap(EventLog, ({ readUserPage }) => readUserPage({ tenantId, userId, before, limit: pageSize, largest: largestInList })).pipe(
    inReadShare({ tenantId, ...tenant })
  )

/** Larger events say nothing about themselves in a list. */
const largestInList = 64 * 1024

/** What the events changed, or why it is not known. */
const readEffects = (tenant: Tenant, userId: UserId, { events }: UserPage) =>
  Effect.flatMap(EventEffects, ({ read }) => read(tenant, userId, events.map(({ position }) => position).toReversed())).pipe(
    inHistoryShare(tenant),
    Effect.catchTag("ConsoleProblem", (problem) => Effect.succeed(problem))
  )

interface Shown {
  readonly tenant: string
  readonly userId: UserId
  readonly page: UserPage
  /** The position before which the events are; undefined for the newest. */
  readonly before?: number | undefined
  /** Undefined where they are not read yet. */
  readonly effects: Effects | ConsoleProblem | undefined
}

/** The table of events. Without effects it asks for them by itself. */
export const timeline = ({ before, effects, page: { events, isMore }, tenant, userId }: Shown): Html => {
  const path = `${playerPath(tenant, userId)}/events`
  const last = events.at(-1)
  const here = before === undefined ? path : `${path}?before=${before}`
  const older = isMore && last !== undefined ? `${path}?before=${last.position}` : undefined
  const isProblem = effects !== undefined && "_tag" in effects
  const changes = effects === undefined || isProblem ? undefined : effects.changes
  return html`<div class="timeline"${
    effects === undefined ? html` hx-get="${path}?part=1" hx-trigger="load" hx-swap="outerHTML"` : undefined
  }>
${
    isProblem
      ? html`<p class="problem">${effects.detail} <a href="${here}" hx-get="${here}${
        before === undefined ? "?" : "&"
      }part=1" hx-target="closest .timeline" hx-swap="outerHTML">Try again</a></p>`
      : undefined
  }
${
    effects !== undefined && !isProblem && effects.stale.length > 0
      ? html`<p class="note">Without the effects on ${effects.stale.join(", ")}, which cannot be folded up to here.</p>`
      : undefined
  }
${
    events.length === 0
      ? html`<p class="empty">There are no older events.</p>`
      : html`<div class="wide"><table><thead><tr><th scope="col">Happened</th><th scope="col">Event</th><th scope="col">Changed</th><th scope="col" class="number">Position</th><th scope="col">Recorded</th></tr></thead>
<tbody>${
        events.map((event) => row({ tenant, userId, event, changes: changes?.get(event.position), isKnown: changes !== undefined }))
      }</tbody></table></div>`
  }
${
    older === undefined
      ? undefined
      : html`<p class="links"><a href="${older}" hx-get="${older}&amp;part=1" hx-target="closest .timeline" hx-swap="outerHTML">Older events</a></p>`
  }
</div>`
}

const row = ({ changes, event, isKnown, tenant, userId }: {
  readonly tenant: string
  readonly userId: UserId
  readonly event: StoredUserEvent
  readonly changes: ReadonlyArray<CounterChange> | undefined
  readonly isKnown: boolean
}): Html => {
  const then = new Date(event.recordedAt).toISOString()
  return html`<tr><td>${moment(new Date(event.occurredAt))}</td><td>${eventLink(tenant, event, eventSummary(userId, event))}</td><td>${
    isKnown ? changesOf(tenant, userId, changes ?? []) : html`<span class="nothing">…</span>`
  }</td><td class="number">${event.position}</td><td>${moment(new Date(event.recordedAt))}<br>
<a class="note" href="${playerPath(tenant, userId)}?as_of=${then}">the counters then</a></td></tr>`
}

/** What an event changed: a line for each currency, or other names that lead to the values. */
const changesOf = (tenant: string, userId: UserId, changes: ReadonlyArray<CounterChange>): Html => {
  if (changes.length === 0) return html`<span class="nothing">nothing</span>`
  const groups = [...Map.groupBy(changes, ({ path }) => path.slice(0, path.lastIndexOf(".")))]
  const list = (some: typeof groups) =>
    html`<ul class="changes">${
      some.map(([path, own]) =>
        html`<li><span class="note">${path.split(".").map(inWords).join(" · ")}</span> ${
          own.map((change, nth) => html`${nth === 0 ? "" : ", "}${changeText(tenant, userId, change)}`)
        }</li>`
      )
    }</ul>`
  const rest = groups.slice(mostGroups)
  return html`${list(groups.slice(0, mostGroups))}${
    rest.length === 0 ? undefined : html`<details><summary>${rest.length} more</summary>${list(rest)}</details>`
  }`
}

const changeText = (tenant: string, userId: UserId, { difference, kind, path, value }: CounterChange): Html => {
  const name = explainLink(tenant, { userId, path, text: inWords(path.slice(path.lastIndexOf(".") + 1)) })
  return kind === "other"
    ? html`${name} → ${valueText(kind, value)}`
    : html`${name} <span class="number ${String(difference).startsWith("-") ? "less" : "more"}">${
      signed(difference as number | string)
    }</span>`
}
