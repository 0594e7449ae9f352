import type { PgClient } from "@effect/sql-pg"
import type { Statement } from "effect/sql"

/**
 * SQL that has the transaction be on disk when its commit is answered, whatever the server's
 * default is: `off` is raised to `on`. The other settings are on this server's disk too, and what
 * they say of standbys is the operator's choice. For a select list.
 */
export const raiseSynchronousCommit = (sql: PgClient.PgClient): Statement.Fragment => sql.literal(raise("true"))

/** The same for all that a session does from now on, as a statement. */
export const raiseSessionSynchronousCommit = `select ${raise("false")}`

function raise(isLocal: "true" | "false"): string {
  return `case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', ${isLocal}) end`
}
