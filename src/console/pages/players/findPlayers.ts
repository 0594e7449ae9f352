import * as Effect from "effect/Effect"
import type { CountersDocument } from "../../../counters/Counters.ts"
import { Counters } from "../../../counters/Counters.ts"
import { Users } from "../../../counters/Users.ts"
import { EventLog } from "../../../event-log/EventLog.ts"
import type { Tenant } from "../../../tenants/Tenant.ts"
import { UserId } from "../../../values/UserId.ts"

/** A page of players: their ids, and the id after which the next page begins. */
export interface FoundPlayers {
  readonly userIds: ReadonlyArray<UserId>
  readonly next: string | undefined
}

type ListedPage = Effect.Success<ReturnType<Users["Service"]["list"]>>

/** Ids that are looked at by one statement, and the statements of a page. */
const step = 100
const maxSteps = 10

/**
 * The players whose ids begin with a text, in the order of the ids' bytes, after another id.
 *
 * Ids of erased users are looked at and left out, so a page may have fewer than `limit`, or none,
 * and a next page nonetheless.
 */
export const findPlayers = Effect.fnUntraced(function*(
  tenant: Tenant,
  { after, limit, prefix }: { readonly prefix: string; readonly after: string; readonly limit: number }
) {
  const { list } = yield* Users
  const found: Array<UserId> = []
  // An id that is the text itself stands before all others that begin with it.
  if (after === "" && prefix !== "" && (yield* isPlayer(tenant, UserId(prefix)))) found.push(UserId(prefix))
  let from: string | undefined = after === "" ? prefix : after
  for (let steps = 0; from !== undefined && found.length < limit && steps < maxSteps; steps++) {
    const listed: ListedPage = yield* list(tenant, from, step)
    const { next, users } = listed
    for (const { user_id } of users) if (user_id.startsWith(prefix)) found.push(user_id)
    // The ids that begin with the text stand together.
    const isOver = users.some(({ user_id }) => !user_id.startsWith(prefix)) || (next !== undefined && !next.startsWith(prefix))
    from = isOver ? undefined : next
  }
  const userIds = found.slice(0, limit)
  return { userIds, next: found.length > limit ? userIds.at(-1) : from } satisfies FoundPlayers
})

/** Whether the log has an event of a user. */
export const isPlayer = Effect.fnUntraced(function*({ tenantId }: Tenant, userId: UserId) {
  const { readUserPage } = yield* EventLog
  return (yield* readUserPage({ tenantId, userId, before: Number.MAX_SAFE_INTEGER, limit: 1 })).events.length > 0
})

/** A few words about each player, by the id: what the sections `profile` and `logins` have. */
export const aboutPlayers = Effect.fnUntraced(function*(tenant: Tenant, userIds: ReadonlyArray<UserId>) {
  const counters = yield* Counters
  const sections = counters.sections.filter((name) => name === "profile" || name === "logins")
  if (sections.length === 0 || userIds.length === 0) return new Map<string, CountersDocument>()
  const documents = yield* counters.read(tenant, userIds, { sections, consistency: { _tag: "Eventual" } })
  return new Map<string, CountersDocument>(documents.map((document) => [document.user_id, document]))
})
