import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { ConnectionTarget } from "./ConnectionTarget.ts"
import { DatabaseUrlUnusable } from "./DatabaseUrlUnusable.ts"
import { readTarget } from "./readTarget.ts"

/**
 * What stands between this process and the server.
 *
 * - `session`: a pooler that gives each connection a session of the server. It refuses or ignores
 *   settings in the startup packet.
 * - `transaction`: a pooler that gives a session for one transaction, so that nothing outlives a
 *   transaction.
 */
export type Pooler = "none" | "session" | "transaction"

/** Where the database is, what stands before it, and whether it is the embedded one. */
export class DatabaseUrl extends Context.Service<DatabaseUrl, {
  readonly url: Redacted.Redacted
  /** The content of the URL. */
  readonly target: ConnectionTarget
  readonly pooler: Pooler
  /** The way around the pooler, for migrations. */
  readonly direct: ConnectionTarget | undefined
  readonly embedded: boolean
}>()("playtally/database/DatabaseUrl") {}

/**
 * Reads the URL of a setting.
 *
 * It fails with {@link DatabaseUrlUnusable}, which names the setting and shows no secret.
 */
export const targetOf = (setting: string, url: Redacted.Redacted): Effect.Effect<ConnectionTarget, DatabaseUrlUnusable> =>
  Result.match(readTarget(Redacted.value(url)), {
    onSuccess: Effect.succeed,
    onFailure: (reason) => Effect.fail(new DatabaseUrlUnusable({ message: `${setting} cannot be used: ${reason}.` }))
  })
