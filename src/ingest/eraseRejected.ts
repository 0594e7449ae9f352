import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import { mentionsOf } from "./rejectedText.ts"

/** Removes the rejected items that name a user, in the caller's transaction, and says how many there were. All of the tenant's are looked at. */
export const eraseRejected = (sql: PgClient.PgClient, tenantId: string, userId: string): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(
    // Locked in the order in which a request writes them, so that nobody waits in a circle.
    sql<{ items: number }>`
      with naming as materialized (
        select tenant_id, reason, item_hash from rejected_events
        where tenant_id = ${tenantId}::uuid
          and exists (select from unnest(${
      arrayOf.text(mentionsOf(userId))
    }::text[]) as m (text) where strpos(item || cut_user_ids, m.text) > 0)
        order by tenant_id, reason, item_hash
        for update
      ),
      removed as (
        delete from rejected_events as r using naming as n
        where (r.tenant_id, r.reason, r.item_hash) = (n.tenant_id, n.reason, n.item_hash)
        returning 1
      )
      select count(*)::int as items from removed`,
    ([row]) => row?.items ?? 0
  )
