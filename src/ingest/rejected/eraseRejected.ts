import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import { reasons } from "./keptRejections.ts"
import { firstHash, namingItems, type NamingPage } from "./namingItems.ts"

/**
 * Removes the rejected items of a tenant in which a user's id stands, see `standsIn`, and says how
 * many there were. All of the tenant's are looked at, page by page in order of their hashes, each
 * page in statements of its own unless the caller has a transaction.
 *
 * An item that comes meanwhile may be missed. It is removed before a user's events are, as
 * `RejectedReplay` may be about to store it: the replay holds the row until its event is in the
 * log, so that the event is there once this is done.
 */
export const eraseRejected = Effect.fnUntraced(
  function*(sql: PgClient.PgClient, tenantId: TenantId, userId: UserId): Effect.fn.Return<number, SqlError.SqlError> {
    let removed = 0
    let after: string | null = firstHash
    while (after !== null) {
      const page: NamingPage = yield* namingItems(sql, { tenantId, userId, after })
      if (page.hashes.length > 0) removed += yield* remove(sql, tenantId, page.hashes)
      after = page.last
    }
    return removed
  }
)

/**
 * Removes the items of some hashes, whatever their reasons are by now: a replay may change the
 * reason of one that is waited for here. They are locked in the order in which requests write them.
 */
const remove = Effect.fnUntraced(
  function*(sql: PgClient.PgClient, tenantId: TenantId, hashes: ReadonlyArray<string>) {
    const these = sql`
      tenant_id = ${tenantId}::uuid and reason = any (${arrayOf.text(reasons)}::text[])
      and item_hash = any (array(select decode(hash, 'hex') from unnest(${arrayOf.text(hashes)}::text[]) as hashes (hash)))`
    yield* sql`select from rejected_events where ${these} order by reason, item_hash for update`
    return (yield* sql`delete from rejected_events where ${these} returning 1 as gone`).length
  },
  (removing, sql) => sql.withTransaction(removing)
)
