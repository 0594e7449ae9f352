import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"

/**
 * The connections that write the log, one a writer lane, apart from everybody else's so that no
 * read or projection makes an append wait for a connection. Their sessions look keys up by index
 * whatever the statistics of a young table say, and give up on locks and statements that hang.
 */
export class AppendClient extends Context.Service<AppendClient, PgClient.PgClient>()("playtally/database/AppendClient") {}
