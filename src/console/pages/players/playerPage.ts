import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Counters, type CountersDocument } from "../../../counters/Counters.ts"
import { TimeTravel } from "../../../counters/history/TimeTravel.ts"
import { TenantLog } from "../../../event-log/TenantLog.ts"
import { ProjectionCatalog } from "../../../projections/versions/ProjectionCatalog.ts"
import type { Tenant } from "../../../tenants/Tenant.ts"
import type { UserId } from "../../../values/UserId.ts"
import { type Html, html } from "../../markup/html.ts"
import { moment } from "../../markup/moment.ts"
import { badRequest, ConsoleProblem } from "../../requests/ConsoleProblem.ts"
import { isAllowed, page, part, type TenantRequest } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { inHistoryShare, inReadShare } from "../../requests/readingProblems.ts"
import { activityPicture, readActivity } from "./activityPicture.ts"
import { counterTables, differencesOf, wholeSection } from "./counterTables.ts"
import { eraseForm } from "./erasePlayer.ts"
import { noSuchPlayer, playerOf, playerPath, playersPath } from "./player.ts"
import { readTimeline, timeline } from "./timeline.ts"

/** A player: the counters, how they came about, and everything else that is known. */
export const playerPage = tenantRoute({
  scope: "read",
  path: "/players/:user",
  answer: Effect.fnUntraced(function*(request) {
    const { query, tenant } = request
    const userId = yield* playerOf(request)
    const [counters, activity, events] = yield* Effect.all([
      readCounters(tenant, userId, query),
      inPlace(readActivity(tenant, userId, query)),
      readTimeline(tenant, userId)
    ], { concurrency: "unbounded" })
    return page({
      title: userId,
      section: playersPath(tenant.name),
      body: body(request, { userId, counters, activity, events })
    })
  })
})

/** The counters of a player at a moment, as a part of the page. */
export const countersPart = tenantRoute({
  scope: "read",
  path: "/players/:user/counters",
  answer: Effect.fnUntraced(function*(request) {
    const userId = yield* playerOf(request)
    const counters = yield* readCounters(request.tenant, userId, request.query)
    return part(countersBody(request, userId, counters))
  })
})

/** A part that cannot be shown says why, and the others are shown. */
export const inPlace = <A, E, R>(reading: Effect.Effect<A, E | ConsoleProblem, R>) =>
  Effect.catchIf(
    reading,
    (error): error is ConsoleProblem => error instanceof ConsoleProblem,
    (problem) => Effect.succeed(problem)
  )

/** Why a part is not shown. */
export const problemNote = ({ advice, detail }: ConsoleProblem): Html =>
  html`<p class="problem">${detail}${advice === undefined ? undefined : ` ${advice}`}</p>`

interface PlayerCounters {
  readonly now: CountersDocument
  /** When the first event was recorded, in epoch milliseconds. */
  readonly beganAt: number
  readonly clock: number
  /** The moment that is looked at beside the present. */
  readonly past: Past | undefined
  readonly whole: string | undefined
  readonly projections: Parameters<typeof counterTables>[0]["projections"]
  readonly sections: ReadonlyArray<string>
}

interface Past {
  readonly instant: number
  /** Undefined if no event had been recorded. */
  readonly document: CountersDocument | undefined
  readonly problem?: ConsoleProblem
}

const readCounters = Effect.fnUntraced(function*(tenant: Tenant, userId: UserId, query: URLSearchParams) {
  const counters = yield* Counters
  const { sections } = counters
  const { stores } = yield* ProjectionCatalog
  const clock = yield* Clock.currentTimeMillis
  const instant = yield* instantOf(query, clock)
  const present = Effect.gen(function*() {
    const [document] = yield* counters.read(tenant, [userId], { sections, consistency: { _tag: "Eventual" } })
    return document ?? (yield* noSuchPlayer(userId))
  }).pipe(inReadShare(tenant))
  const began = Effect.flatMap(TenantLog, ({ beganAt }) => beganAt(tenant.tenantId, userId))
  const [now, beganAt, past] = yield* Effect.all([
    present,
    began,
    instant === undefined ? Effect.succeed(undefined) : readPast(tenant, userId, { instant, sections })
  ], { concurrency: "unbounded" })
  return {
    now,
    past,
    beganAt: beganAt ?? clock,
    clock,
    sections,
    whole: wholeSection(query, sections),
    projections: stores.map(({ projection }) => projection)
  } satisfies PlayerCounters
})

const readPast = Effect.fnUntraced(
  function*(tenant: Tenant, userId: UserId, { instant, sections }: { readonly instant: number; readonly sections: ReadonlyArray<string> }) {
    const { read } = yield* TimeTravel
    const document = yield* inPlace(inHistoryShare(tenant)(read(tenant, userId, { instant, sections })))
    return (document instanceof ConsoleProblem ? { instant, document: undefined, problem: document } : { instant, document }) satisfies Past
  }
)

/** A moment in a query: RFC 3339, or seconds since the epoch as the slider has it. */
const instantOf = (query: URLSearchParams, clock: number) => {
  const text = query.get("as_of") ?? ""
  // The slider's end is the present, however long ago the page was opened.
  if (text === "" || text === query.get("end")) return Effect.succeed(undefined)
  // A field for a date and a time leaves the zone out: it is UTC.
  const instant = /^\d{1,12}$/.test(text) ? Number(text) * 1000 : Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`)
  if (!Number.isFinite(instant)) return Effect.fail(badRequest("The moment is a date and a time, such as 2026-01-31T12:00:00Z."))
  return Effect.succeed(instant >= clock ? undefined : instant)
}

interface Shown {
  readonly userId: UserId
  readonly counters: PlayerCounters
  readonly activity: Effect.Success<ReturnType<typeof readActivity>> | ConsoleProblem
  readonly events: Effect.Success<ReturnType<typeof readTimeline>>
}

const body = (request: TenantRequest, { activity, counters, events, userId }: Shown): Html => {
  const { tenant, viewer } = request
  const { now } = counters
  const path = playerPath(tenant.name, userId)
  return html`<p><a href="${playersPath(tenant.name)}">← Players</a></p>
<h1>${userId}</h1>
<p class="lead">Days begin in ${now.time_zone}. In the feed of changes the player is <code>${now.ref}</code>.</p>
<nav class="links" aria-label="On this page"><a href="#counters">Counters</a> <a href="#activity">Activity</a> <a href="#timeline">Events</a> <a href="#games">Games</a> <a href="#boards">Boards</a> <a href="#rejected">Rejected</a></nav>
<section aria-labelledby="counters"><h2 id="counters">Counters</h2>
${timeTravel(path, counters)}
<div class="beside">
<div id="numbers" aria-live="polite">${countersBody(request, userId, counters)}</div>
<aside id="explanation" class="panel" aria-label="Explanation" aria-live="polite"><p class="note">Choose a number: the events that made it come here.</p></aside>
</div></section>
<section aria-labelledby="activity"><h2 id="activity">Activity</h2>${
    activity instanceof ConsoleProblem ? problemNote(activity) : activityPicture(path, activity)
  }</section>
<section aria-labelledby="timeline"><h2 id="timeline">Events</h2>${
    timeline({ tenant: tenant.name, userId, page: events, effects: undefined })
  }<p class="links"><a href="${path}/events">All events, with what each changed</a></p></section>
${later("games", { title: "Games", path: `${path}/games`, says: "The counters of each game" })}
${later("boards", { title: "Boards", path: `${path}/boards`, says: "The player's rank on each board" })}
${later("rejected", { title: "Rejected items", path: `${path}/rejected`, says: "Rejected items that name the player" })}
${isAllowed(viewer, tenant, "admin") ? eraseForm(request, userId) : undefined}`
}

/** A part that takes its time, and comes by itself where there are scripts. */
const later = (id: string, { path, says, title }: { readonly title: string; readonly path: string; readonly says: string }): Html =>
  html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><div hx-get="${path}?part=1" hx-trigger="load"><p><a href="${path}">${says}</a></p></div></section>`

/** The steps of the slider. */
const steps = 500

const timeTravel = (path: string, { beganAt, clock, past }: PlayerCounters): Html => {
  const from = Math.floor(beganAt / 1000)
  const step = Math.max(1, Math.ceil((clock / 1000 - from) / steps))
  // A whole number of steps, so that the end can be reached.
  const to = from + step * Math.max(1, Math.ceil((clock / 1000 - from) / step))
  const instant = past?.instant
  return html`<div class="time-travel">
<form method="get" action="${path}" class="filters slider" hx-get="${path}/counters" hx-target="#numbers" hx-trigger="change">
  <label for="slider">Through time</label>
  <span class="note">${moment(new Date(from * 1000))}</span>
  <input type="range" id="slider" name="as_of" min="${from}" max="${to}" step="${step}" value="${
    instant === undefined ? to : Math.round(instant / 1000)
  }">
  <span class="note">now</span><input type="hidden" name="end" value="${to}">
  <noscript><button>Show</button></noscript>
</form>
<form method="get" action="${path}" class="filters" hx-get="${path}/counters" hx-target="#numbers">
  <label>A moment, in UTC <input type="datetime-local" name="as_of" step="1" required value="${
    instant === undefined ? undefined : new Date(instant).toISOString().slice(0, 19)
  }"></label>
  <button class="quiet">Show the counters then</button>
</form></div>`
}

const countersBody = ({ tenant }: TenantRequest, userId: UserId, { now, past, projections, sections, whole }: PlayerCounters): Html => {
  const path = playerPath(tenant.name, userId)
  const stale = now.stale ?? []
  const before = past?.problem === undefined ? past?.document : undefined
  const tables = counterTables({
    tenant: tenant.name,
    userId,
    sections,
    projections,
    now,
    before: past === undefined || past.problem !== undefined ? undefined : before ?? {},
    whole
  })
  return html`${
    stale.length === 0 ?
      undefined :
      html`<p class="problem">Parked: ${
        stale.join(", ")
      } stopped at an event of the player, and these numbers stand still. <code>npm run cli -- projections parked</code> says why.</p>`
  }${
    past === undefined
      ? html`<p class="note">Now: up to position ${now.position} of the player's slice.</p>`
      : html`<p class="then"><strong>As of ${moment(new Date(past.instant))}</strong> UTC${
        past.problem !== undefined
          ? undefined
          : before === undefined
          ? html`: no event of the player was recorded yet.`
          : html`: up to position ${before.position}. ${changedText(differencesOf(sections, now, before))}`
      } <a href="${path}">Back to now</a></p>${past.problem === undefined ? undefined : problemNote(past.problem)}`
  }${tables}`
}

const changedText = (differences: number): string =>
  differences === 0
    ? "Nothing has changed since."
    : `${differences} ${differences === 1 ? "value has" : "values have"} changed since: was → is.`
