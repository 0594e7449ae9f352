import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"

/**
 * The connections that write the log, one for each writer lane.
 *
 * They are apart from all others, so an append waits for no connection that a read or a projection
 * holds. Their sessions look keys up by index, whatever the statistics of a young table say. They
 * give up on locks and statements that hang.
 */
export class AppendClient extends Context.Service<AppendClient, PgClient.PgClient>()("playtally/database/AppendClient") {}
