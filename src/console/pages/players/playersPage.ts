import * as Effect from "effect/Effect"
import type { CountersDocument } from "../../../counters/Counters.ts"
import { valueAt } from "../../../counters/history/counterPath.ts"
import { valueText } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { goTo, page } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { inReadShare } from "../../requests/readingProblems.ts"
import { aboutPlayers, findPlayers, type FoundPlayers, isPlayer } from "./findPlayers.ts"
import { asUserId, playerLink, playerPath, playersPath } from "./player.ts"

const pageSize = 50

/** The players of a tenant, and a search by the id or its beginning. */
export const playersPage = tenantRoute({
  scope: "read",
  path: "/players",
  answer: Effect.fnUntraced(function*({ query, tenant }) {
    const prefix = query.get("q")?.trim() ?? ""
    const after = query.get("after") ?? ""
    if (prefix !== "") yield* asUserId(prefix)
    if (after !== "") yield* asUserId(after)
    // The button "Open" wants the player of exactly this id.
    if (query.has("open") && prefix !== "") {
      const userId = yield* asUserId(prefix)
      if (yield* inReadShare(tenant)(isPlayer(tenant, userId))) return goTo(playerPath(tenant.name, userId))
    }
    const found = yield* inReadShare(tenant)(findPlayers(tenant, { prefix, after, limit: pageSize }))
    const about = yield* inReadShare(tenant)(aboutPlayers(tenant, found.userIds)).pipe(
      // The list is of use without them.
      Effect.catchTag("ConsoleProblem", () => Effect.succeed(new Map<string, CountersDocument>()))
    )
    return page({ title: "Players", section: playersPath(tenant.name), body: body(tenant.name, { prefix, after, found, about }) })
  })
})

interface Shown {
  readonly prefix: string
  readonly after: string
  readonly found: FoundPlayers
  readonly about: ReadonlyMap<string, CountersDocument>
}

const body = (tenant: string, { about, after, found: { next, userIds }, prefix }: Shown): Html => {
  const path = playersPath(tenant)
  const query = prefix === "" ? "" : `q=${encodeURIComponent(prefix)}&`
  return html`<h1>Players</h1>
<p class="lead">Everybody with an event in the log, in the order of the ids.</p>
<form method="get" action="${path}" class="filters" role="search">
  <label>Player id, or its beginning <input name="q" value="${prefix}" maxlength="256" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
  <button>Search</button>
  <button name="open" value="1" class="quiet">Open the player</button>
</form>
${userIds.length === 0 ? nobody({ prefix, after, next }) : table(tenant, userIds, about)}
<p class="links">${
    after === "" ? undefined : html`<a href="${path}${prefix === "" ? "" : `?q=${encodeURIComponent(prefix)}`}">First page</a> `
  }${next === undefined ? undefined : html`<a href="${path}?${query}after=${encodeURIComponent(next)}">Next page</a>`}</p>`
}

const nobody = ({ after, next, prefix }: { readonly prefix: string; readonly after: string; readonly next: string | undefined }): Html =>
  next !== undefined
    ? html`<p class="empty">Only erased players are on this page. The next page goes on.</p>`
    : after !== ""
    ? html`<p class="empty">There are no more players.</p>`
    : prefix !== ""
    ? html`<p class="empty">No player's id begins with <code>${prefix}</code>. Letters of another case are other letters.</p>`
    : html`<p class="empty">No event has come yet. The sender posts them to <code>/api/v1/integrations/fasttrack/bulk</code>.
<code>npm run cli -- demo</code> sends some.</p>`

/** What the list shows of a player beside the id. */
const columns = [
  { name: "Username", path: ["profile", "username"] },
  { name: "Country", path: ["profile", "country"] },
  { name: "Registered", path: ["profile", "registration_date"] },
  { name: "Last login", path: ["logins", "last_at"] },
  { name: "Logins", path: ["logins", "login_count"] }
]

const table = (tenant: string, userIds: ReadonlyArray<string>, about: ReadonlyMap<string, CountersDocument>): Html => {
  const shown = columns.filter(({ path: [section = ""] }) => userIds.some((userId) => about.get(userId)?.[section] !== undefined))
  return html`<div class="wide"><table>
<thead><tr><th scope="col">Player</th>${
    shown.map(({ name }) => html`<th scope="col"${name === "Logins" ? html` class="number"` : undefined}>${name}</th>`)
  }</tr></thead>
<tbody>${
    userIds.map((userId) =>
      html`<tr><th scope="row">${playerLink(tenant, userId)}</th>${
        shown.map(({ name, path }) => {
          const value = valueAt(about.get(userId), path)
          return name === "Logins"
            ? html`<td class="number">${valueText("count", value)}</td>`
            : html`<td>${valueText("other", value)}</td>`
        })
      }</tr>`
    )
  }</tbody></table></div>`
}
