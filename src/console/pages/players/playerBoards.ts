import * as Effect from "effect/Effect"
import { Counters, type CountersDocument } from "../../../counters/Counters.ts"
import { type LeaderboardPlace, Leaderboards } from "../../../counters/Leaderboards.ts"
import { type Board, boardNames, type Period, periods, ruleOf } from "../../../projections/catalog/rules/boards.ts"
import type { Tenant } from "../../../tenants/Tenant.ts"
import type { UserId } from "../../../values/UserId.ts"
import { grouped, inWords } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { page, part } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { inReadShare } from "../../requests/readingProblems.ts"
import { boardPath } from "../boardsPaths.ts"
import { noSuchPlayer, playerOf, playerPath, playersPath } from "./player.ts"

/** The currencies of a player whose boards are looked at. */
const mostCurrencies = 6

/** The ranks of a player on the boards of a period. A page, or a part of one. */
export const playerBoards = tenantRoute({
  scope: "read",
  path: "/players/:user/boards",
  answer: Effect.fnUntraced(function*(request) {
    const { query, tenant } = request
    const userId = yield* playerOf(request)
    const period = periods.find((period) => period === query.get("period")) ?? "all"
    const places = yield* readPlaces(tenant, userId, period)
    const body = boardsBody({ tenant: tenant.name, userId, period, places })
    return query.has("part") ? part(body) : page({
      title: `Boards of ${userId}`,
      section: playersPath(tenant.name),
      body: html`<p><a href="${playerPath(tenant.name, userId)}">← ${userId}</a></p><h1>Boards of ${userId}</h1>${body}`
    })
  })
})

interface Place {
  readonly board: Board
  readonly currency: string | null
  readonly found: LeaderboardPlace
}

const readPlaces = Effect.fnUntraced(
  function*(tenant: Tenant, userId: UserId, period: Period) {
    const counters = yield* Counters
    const { place } = yield* Leaderboards
    const [document] = yield* counters.read(tenant, [userId], { sections: counters.sections, consistency: { _tag: "Eventual" } })
    if (document === undefined) return yield* noSuchPlayer(userId)
    const currencies = currenciesOf(document).slice(0, mostCurrencies)
    const asked = boardNames.flatMap((board) => {
      const { hasCurrency, periods } = ruleOf(board)
      if (!periods.includes(period)) return []
      return (hasCurrency ? currencies : [null]).map((currency) => ({ board, currency }))
    })
    const places: Array<Place> = []
    for (const { board, currency } of asked) {
      const found = yield* place(tenant, { board, period, currency, day: undefined }, {
        userId,
        neighbours: 0,
        consistency: { _tag: "Eventual" }
      })
      if (found !== undefined) places.push({ board, currency, found })
    }
    return places
  },
  (reading, tenant) => inReadShare(tenant)(reading)
)

/** The currencies in which the player has played. */
const currenciesOf = (document: CountersDocument): ReadonlyArray<string> =>
  [
    ...new Set(["casino", "game_rounds", "sports"].flatMap((section) => Object.keys(document[section] ?? {})))
  ].toSorted()

interface Shown {
  readonly tenant: string
  readonly userId: UserId
  readonly period: Period
  readonly places: ReadonlyArray<Place>
}

const boardsBody = ({ period, places, tenant, userId }: Shown): Html => {
  const path = `${playerPath(tenant, userId)}/boards`
  return html`<div class="boards">
<p class="links" role="group" aria-label="Period">${
    periods.map((name) =>
      html`<a href="${path}?period=${name}" hx-get="${path}?period=${name}&amp;part=1" hx-target="closest .boards" hx-swap="outerHTML"${
        name === period ? html` aria-current="true"` : undefined
      }>${periodName[name]}</a> `
    )
  }</p>
${
    places.length === 0
      ? html`<p class="empty">The player is on no board of ${inSentence[period]}.</p>`
      : html`<div class="wide"><table><thead><tr><th scope="col">Board</th><th scope="col">Currency</th><th scope="col" class="number">Rank</th><th scope="col" class="number">Of</th><th scope="col" class="number">Score</th><th scope="col">Near</th></tr></thead><tbody>${
        places.map(({ board, currency, found }) =>
          html`<tr><th scope="row">${inWords(board)}</th><td>${currency}</td><td class="number">${
            grouped(found.rank)
          }</td><td class="number">${grouped(found.user_count)}</td><td class="number">${grouped(found.score)}</td><td><a href="${
            boardPath(tenant, { board, period, currency, player: userId })
          }">Who is near</a></td></tr>`
        )
      }</tbody></table></div>`
  }</div>`
}

/** The names of the periods. */
export const periodName: Readonly<Record<Period, string>> = { day: "Today", week: "This week", month: "This month", all: "All times" }
const inSentence: Readonly<Record<Period, string>> = { day: "today", week: "this week", month: "this month", all: "all times" }
