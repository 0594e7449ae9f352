import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { UserRef } from "../projections/tables/ProjectionStore.ts"
import { userTables } from "../projections/versions/userTables.ts"
import { known } from "../values/known.ts"

/** How many rows were removed, and whether there may be more. */
export interface ErasedRows {
  readonly rows: number
  readonly isMore: boolean
}

/**
 * Removes a user's rows of every version that the database knows, at most `limit` of each table, in
 * the caller's transaction.
 */
export const eraseRows = (sql: PgClient.PgClient, user: UserRef, limit: number): Effect.Effect<ErasedRows, SqlError.SqlError> =>
  Effect.gen(function*() {
    let [rows, isMore] = [0, false]
    for (const { name } of yield* userTables(sql)) {
      const [gone] = yield* sql.unsafe<{ rows: number }>(
        `with gone as (
          delete from ${name} where ctid = any (array(select ctid from ${name} where tenant_id = $1::uuid and user_id = $2 limit $3)) returning 1
        ) select count(*)::int as rows from gone`,
        [user.tenantId, user.userId, limit]
      )
      const removed = known(gone, "the count of removed rows").rows
      rows += removed
      if (removed >= limit) isMore = true
    }
    return { rows, isMore }
  })
