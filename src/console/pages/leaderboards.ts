import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type BoardSelection, boardSelection } from "../../counters/boardSelection.ts"
import { type LeaderboardDocument, type LeaderboardEntry, type LeaderboardPlace, Leaderboards } from "../../counters/Leaderboards.ts"
import { TenantLog } from "../../event-log/TenantLog.ts"
import { Currency } from "../../fasttrack/Text.ts"
import { type Board, boardNames, periods, ruleOf } from "../../projections/catalog/rules/boards.ts"
import type { Tenant } from "../../tenants/Tenant.ts"
import { upperCase } from "../../values/asciiCase.ts"
import { parseDay } from "../../values/dayRuns.ts"
import { grouped, inWords, valueText } from "../markup/figure.ts"
import { type Html, html } from "../markup/html.ts"
import { badRequest, type ConsoleProblem } from "../requests/ConsoleProblem.ts"
import { page } from "../requests/ConsoleRequest.ts"
import { tenantRoute } from "../requests/ConsoleRoute.ts"
import { inReadShare } from "../requests/readingProblems.ts"
import { boardPath, type BoardQuery, boardsPath } from "./boardsPaths.ts"
import { asUserId, playerLink } from "./players/player.ts"

/** Ranks that are shown at once, and at most. */
const [usual, most] = [100, 1000]
/** The places above and below a player. */
const neighbours = 5
const eventual = { _tag: "Eventual" } as const

/** A board: who is ahead, and where a player stands. */
export const leaderboardsPage = tenantRoute({
  scope: "read",
  path: "/leaderboards",
  answer: Effect.fnUntraced(function*({ query, tenant }) {
    const currencies = yield* inReadShare(tenant)(recentCurrencies(tenant))
    const asked = askedOf(query, currencies[0])
    const form = { tenant: tenant.name, asked, currencies }
    const section = boardsPath(tenant.name)
    const selection = yield* selectionOf(asked)
    if (selection === undefined) {
      return page({
        title: "Leaderboards",
        section,
        body: html`${
          head(form)
        }<p class="empty">No event with a currency has come lately. Write the currency of the board into the form.</p>`
      })
    }
    const { place, top } = yield* Leaderboards
    const player = asked.player === undefined ? undefined : yield* asUserId(asked.player)
    const limit = query.has("all") ? most : usual
    const document = yield* inReadShare(tenant)(top(tenant, selection, { limit, consistency: eventual }))
    const own = player === undefined
      ? undefined
      : yield* inReadShare(tenant)(place(tenant, selection, { userId: player, neighbours, consistency: eventual }))
    return page({
      title: `Leaderboards: ${inWords(asked.board)}`,
      section,
      body: html`${head(form)}${about(document)}${player === undefined ? undefined : ownPlace(form, own)}${ranks(form, document, limit)}`
    })
  })
})

/** The currencies of the newest events, the most frequent first. */
const recentCurrencies = Effect.fnUntraced(function*({ tenantId }: Tenant) {
  const log = yield* TenantLog
  const { events } = yield* log.page(tenantId, { limit: 50 })
  const counts = new Map<string, number>()
  for (const { payload } of events) {
    const [, currency] = /"(?:user_)?currency"\s*:\s*"([^"\\]{1,16})"/.exec(payload ?? "") ?? []
    if (currency !== undefined) counts.set(upperCase(currency), (counts.get(upperCase(currency)) ?? 0) + 1)
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([currency]) => currency)
})

const askedOf = (query: URLSearchParams, usualCurrency: string | undefined): BoardQuery => {
  const board: Board = boardNames.find((name) => name === query.get("board")) ?? "casino_turnover"
  const { hasCurrency, periods: own } = ruleOf(board)
  const currency = query.get("currency")?.trim() ?? ""
  const date = query.get("date") ?? ""
  const player = query.get("player")?.trim() ?? ""
  return {
    board,
    // A form cannot know which periods and currencies a board has: what does not fit is left out.
    period: own.find((period) => period === query.get("period")) ?? "all",
    currency: !hasCurrency ? null : currency === "" ? usualCurrency ?? "" : upperCase(currency),
    ...date === "" ? {} : { date },
    ...player === "" ? {} : { player }
  }
}

/** The board of a query; undefined without a currency where one is needed. */
const selectionOf = (
  { board, currency, date, period }: BoardQuery
): Effect.Effect<BoardSelection | undefined, ConsoleProblem> => {
  if (currency === "") return Effect.succeed(undefined)
  if (currency !== null && !isCurrency(currency)) return Effect.fail(badRequest("There is no such currency."))
  const day = date === undefined ? undefined : parseDay(date)
  if (date !== undefined && day === undefined) return Effect.fail(badRequest("The date is written 2026-01-31."))
  const selection = boardSelection({ board, period, day, currency: currency ?? undefined })
  return Result.isFailure(selection) ? Effect.fail(badRequest(selection.failure.message)) : Effect.succeed(selection.success)
}

const isCurrency = (text: string): boolean => Option.isSome(Schema.decodeUnknownOption(Currency)(text))

interface Form {
  readonly tenant: string
  readonly asked: BoardQuery
  readonly currencies: ReadonlyArray<string>
}

const head = ({ asked, currencies, tenant }: Form): Html =>
  html`<h1>Leaderboards</h1>
<p class="lead">${ruleOf(asked.board).description}.</p>
<form method="get" action="${boardsPath(tenant)}" class="filters">
  <label>Board <select name="board">${
    boardNames.map((name) => html`<option value="${name}"${name === asked.board ? html` selected` : undefined}>${inWords(name)}</option>`)
  }</select></label>
  <label>Period <select name="period">${
    periods.map((name) => html`<option value="${name}"${name === asked.period ? html` selected` : undefined}>${name}</option>`)
  }</select></label>
  <label>Date in the period <input type="date" name="date" value="${asked.date}"></label>
  <label>Currency <input name="currency" size="8" list="currencies" value="${asked.currency}" maxlength="16" autocomplete="off"></label>
  <datalist id="currencies">${currencies.map((currency) => html`<option value="${currency}"></option>`)}</datalist>
  <label>Player <input name="player" value="${asked.player}" maxlength="256" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
  <button>Show</button>
</form>`

const about = ({ period_end, period_start, stale, time_zone, user_count }: LeaderboardDocument): Html =>
  html`<p class="note">${
    period_start === null ? "Over all times" : period_start === period_end ? `On ${period_start}` : `From ${period_start} to ${period_end}`
  }. ${grouped(user_count)} ${user_count === 1 ? "player is" : "players are"} on the board. Days begin in ${time_zone}.</p>${
    stale === undefined
      ? undefined
      : html`<p class="problem">The board stopped at an event of a player. <code>npm run cli -- projections parked</code> says at which.</p>`
  }`

/** The place of a player, and who is near. */
const ownPlace = (form: Form, place: LeaderboardPlace | undefined): Html =>
  html`<section aria-labelledby="near"><h2 id="near">Near ${form.asked.player}</h2>${
    place === undefined
      ? html`<p class="empty">The player is not on this board: no event has had an effect on the score.</p>`
      : table(form, [...place.above, place, ...place.below], "The player and those who are near")
  }</section>`

const ranks = (form: Form, { entries, user_count }: LeaderboardDocument, limit: number): Html =>
  html`<section aria-labelledby="ranks"><h2 id="ranks">Who is ahead</h2>${
    entries.length === 0 ? html`<p class="empty">Nobody is on this board.</p>` : table(form, entries, "The players who are ahead")
  }${
    user_count > entries.length
      ? html`<p class="note">The first ${grouped(entries.length)}. ${
        limit === most ? undefined : html`<a href="${boardPath(form.tenant, form.asked)}&amp;all=1">Show the first ${grouped(most)}</a>`
      }</p>`
      : undefined
  }</section>`

const table = ({ asked, tenant }: Form, entries: ReadonlyArray<LeaderboardEntry>, caption: string): Html =>
  html`<div class="wide"><table><caption class="unseen">${caption}</caption>
<thead><tr><th scope="col" class="number">Rank</th><th scope="col">Player</th><th scope="col" class="number">${
    asked.currency === null ? "Score" : `Score, ${asked.currency}`
  }</th><th scope="col">Reached</th><th scope="col">Near</th></tr></thead>
<tbody>${
    entries.map(({ rank, reached_at, score, user_id }) =>
      html`<tr${user_id === asked.player ? html` class="own"` : undefined}><td class="number">${grouped(rank)}</td><th scope="row">${
        playerLink(tenant, user_id)
      }</th><td class="number">${grouped(score)}</td><td>${valueText("other", reached_at)}</td><td><a href="${
        boardPath(tenant, { ...asked, player: user_id })
      }#near">Who is near<span class="unseen"> ${user_id}</span></a></td></tr>`
    )
  }</tbody></table></div>`
