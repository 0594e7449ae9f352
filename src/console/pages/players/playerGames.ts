import * as Effect from "effect/Effect"
import { Games } from "../../../counters/Games.ts"
import { ProjectionCatalog } from "../../../projections/versions/ProjectionCatalog.ts"
import { html } from "../../markup/html.ts"
import { page, part } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { inReadShare } from "../../requests/readingProblems.ts"
import { counterTables } from "./counterTables.ts"
import { noSuchPlayer, playerOf, playerPath, playersPath } from "./player.ts"

/** Games on a page. */
const pageSize = 20

/** The counters of a player for each game. A page, or a part of one. */
export const playerGames = tenantRoute({
  scope: "read",
  path: "/players/:user/games",
  answer: Effect.fnUntraced(function*(request) {
    const { query, tenant } = request
    const userId = yield* playerOf(request)
    const { read, sections } = yield* Games
    const { stores } = yield* ProjectionCatalog
    const from = query.get("from") ?? ""
    const found = yield* inReadShare(tenant)(
      read(tenant, userId, { sections, games: { _tag: "Page", from, limit: pageSize }, consistency: { _tag: "Eventual" } })
    )
    if (found === undefined) return yield* noSuchPlayer(userId)
    const path = `${playerPath(tenant.name, userId)}/games`
    const next = found.next === null ? undefined : `${path}?from=${encodeURIComponent(found.next)}`
    const tables = counterTables({
      tenant: tenant.name,
      userId,
      sections,
      projections: stores.map(({ projection }) => projection),
      now: found.document,
      before: undefined,
      // A page is short anyway.
      whole: "All"
    })
    const body = html`<div class="games">${tables}${
      next === undefined
        ? undefined
        : html`<p class="links"><a href="${next}" hx-get="${next}&amp;part=1" hx-target="closest .games" hx-swap="outerHTML">Next games</a></p>`
    }</div>`
    return query.has("part") ? part(body) : page({
      title: `Games of ${userId}`,
      section: playersPath(tenant.name),
      body: html`<p><a href="${playerPath(tenant.name, userId)}">← ${userId}</a></p><h1>Games of ${userId}</h1>
<h2>By game and currency</h2>${body}`
    })
  })
})
