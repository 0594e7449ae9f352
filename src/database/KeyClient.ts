import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"

/**
 * The connections that look API keys up.
 *
 * They are apart from all others: every request waits for a key, so no slow read may delay it. They
 * give up on a statement after some seconds.
 */
export class KeyClient extends Context.Service<KeyClient, PgClient.PgClient>()("playtally/database/KeyClient") {}
