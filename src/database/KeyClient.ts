import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"

/**
 * The connections that look keys up, apart from everybody else's: every request waits for a key, so
 * no slow reading may stand in its way. They give up on a statement after some seconds.
 */
export class KeyClient extends Context.Service<KeyClient, PgClient.PgClient>()("playtally/database/KeyClient") {}
