import * as Effect from "effect/Effect"
import { isUnknown, UserErasure } from "../../../erasure/UserErasure.ts"
import { userRef } from "../../../event-log/pseudonym.ts"
import { AuditLog } from "../../../operators/AuditLog.ts"
import type { UserId } from "../../../values/UserId.ts"
import { confirmation, confirmed } from "../../markup/confirmation.ts"
import { grouped } from "../../markup/figure.ts"
import { type Html, html } from "../../markup/html.ts"
import { ConsoleProblem } from "../../requests/ConsoleProblem.ts"
import { page, type TenantRequest } from "../../requests/ConsoleRequest.ts"
import { tenantRoute } from "../../requests/ConsoleRoute.ts"
import { noSuchPlayer, playerOf, playerPath, playersPath } from "./player.ts"

/** How long the page waits for the end of an erasure, which goes on without it. */
const patience = "10 seconds"

/** The form that erases a player. */
export const eraseForm = (request: TenantRequest, userId: UserId): Html =>
  html`<section aria-labelledby="erase"><h2 id="erase">Erase</h2>
<p class="note">For a player who asks for it: what is known of the player is removed for good.</p>${
    confirmation(request, {
      action: `${playerPath(request.tenant.name, userId)}/erase`,
      does: "Erase the player",
      says: html`<p>All events of the player are emptied. Their places in the log stay, under a pseudonym.</p>
<p>The counters, the ranks and the rejected items that name the player are removed.</p>
<p>Nobody can undo it. A later event of this id begins a new player.</p>`,
      word: userId
    })
  }</section>`

/** Erases a player. */
export const erasePlayer = tenantRoute({
  method: "POST",
  scope: "admin",
  path: "/players/:user/erase",
  answer: Effect.fnUntraced(function*(request) {
    const { tenant, viewer } = request
    const userId = yield* playerOf(request)
    yield* confirmed(request, userId)
    const { eraseWithin } = yield* UserErasure
    const { record } = yield* AuditLog
    const ref = userRef(tenant.keyNamespace, userId)
    const erased = yield* record(
      viewer,
      { action: "erase user", target: ref, tenantId: tenant.tenantId },
      Effect.filterOrFail(
        eraseWithin(tenant, userId, patience),
        (erased) => erased._tag === "UnderWay" || !isUnknown(erased.report),
        () => noSuchPlayer(userId)
      )
    ).pipe(
      Effect.catchTag("ImportUnfinished", () =>
        Effect.fail(
          new ConsoleProblem({
            status: 503,
            title: "Not erased",
            detail: "Nothing was changed: an import of the log is under way.",
            advice: "Erase the player once it has ended."
          })
        ))
    )
    return page({
      title: "Erased",
      section: playersPath(tenant.name),
      body: html`<h1>Erased</h1>${
        erased._tag === "Ended"
          ? html`<p class="lead">Nothing is known of the player any more: ${grouped(erased.report.events)} events were emptied, ${
            grouped(erased.report.rows)
          } rows and ${grouped(erased.report.rejected)} rejected items removed.</p>`
          : html`<p class="lead">The player has many events, and the erasure goes on by itself. Nobody finds the player any more.</p>`
      }
<p>The player is named <code>${ref}</code> in the audit list and in the feed of changes.</p>
<p><a href="${playersPath(tenant.name)}">Players</a></p>`
    })
  })
})
