import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"

/**
 * Whether the database takes writes: it is no standby, and transactions are not read-only by
 * default.
 *
 * It does not notice a full disk.
 */
export const canStore = (sql: PgClient.PgClient): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(
    sql<{ can_store: boolean }>`
      select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' as can_store`,
    ([row]) => row?.can_store === true
  )
