import type { PgClient } from "@effect/sql-pg"
import type { Statement } from "effect/sql"

/**
 * SQL for a select list that has the transaction on disk when its commit is answered.
 *
 * It raises `synchronous_commit = off` to `on`, whatever the server's default is. Every other
 * setting also writes to this server's disk; what it says about standbys is the operator's choice.
 */
export const raiseSynchronousCommit = (sql: PgClient.PgClient): Statement.Fragment => sql.literal(raise("true"))

/** A statement that does the same for everything that the session does from now on. */
export const raiseSessionSynchronousCommit = `select ${raise("false")}`

function raise(isLocal: "true" | "false"): string {
  return `case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', ${isLocal}) end`
}
