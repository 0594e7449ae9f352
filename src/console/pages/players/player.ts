import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { UserId as UserIdSchema } from "../../../http/requests/UserId.ts"
import { UserId } from "../../../values/UserId.ts"
import { type Html, html } from "../../markup/html.ts"
import { tenantRoot } from "../../markup/layout.ts"
import { noSuchPage } from "../../requests/ConsoleProblem.ts"
import type { TenantRequest } from "../../requests/ConsoleRequest.ts"

/** Where the players of a tenant are, which is also their entry in the navigation. */
export const playersPath = (tenant: string): string => `${tenantRoot(tenant)}/players`

/** Where a player's page is. */
export const playerPath = (tenant: string, userId: string): string => `${playersPath(tenant)}/${encodeURIComponent(userId)}`

/** A link to a player's page. */
export const playerLink = (tenant: string, userId: string): Html =>
  html`<a class="player" href="${playerPath(tenant, userId)}">${userId}</a>`

const decode = Schema.decodeUnknownEffect(UserIdSchema)

/** The id of a user in a text; fails with a page if no user can have it. */
export const asUserId = (text: string) =>
  Effect.mapBoth(decode(text), { onSuccess: (id) => UserId(id), onFailure: () => noSuchPage("No player has such an id.") })

/** The player in the path. */
export const playerOf = ({ param }: TenantRequest) => asUserId(param("user"))

/** No event of the player is in the log. */
export const noSuchPlayer = (userId: string) => noSuchPage(`There is no player "${userId}". The id is written as the events have it.`)
