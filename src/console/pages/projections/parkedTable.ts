import type { ListedParkedUser } from "../../../projections/feed/ParkedUsers.ts"
import { grouped } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { playerPath } from "./paths.ts"

/** Characters of an error that are shown at once. */
const shownOfError = 160

/** The parked users, each with the event on which a fold failed, and why. */
export const parkedTable = (users: ReadonlyArray<ListedParkedUser>): Html =>
  html`<div class="wide"><table>
<thead><tr><th scope="col">Projection</th><th scope="col">Tenant</th><th scope="col">User</th>
<th scope="col" class="number">Slice</th><th scope="col" class="number">Position</th><th scope="col">Why</th></tr></thead>
<tbody>${
    users.map(({ error, position, projection, slice, tenant, userId, version }) =>
      html`<tr><th scope="row">${projection} v${version}</th><td>${tenant}</td>
<td><a href="${playerPath(tenant, userId)}">${userId}</a></td><td class="number">${slice}</td><td class="number">${grouped(position)}</td>
<td>${cut(error)}</td></tr>`
    )
  }</tbody></table></div>`

const cut = (error: string): Html =>
  error.length <= shownOfError
    ? html`${error}`
    : html`<details><summary>${error.slice(0, shownOfError)}…</summary><pre>${error}</pre></details>`
