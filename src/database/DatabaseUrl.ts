import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { ConnectionTarget } from "./ConnectionTarget.ts"
import { DatabaseUrlUnusable } from "./DatabaseUrlUnusable.ts"
import { readTarget } from "./readTarget.ts"

/**
 * What stands between this process and the server. `session`: a pooler that gives each connection a
 * session of the server and refuses or ignores settings in the startup packet. `transaction`: one
 * that gives a session for the time of a transaction, so that nothing outlives one.
 */
export type Pooler = "none" | "session" | "transaction"

/** Where the database is, what is before it, and whether it is the embedded one. */
export class DatabaseUrl extends Context.Service<DatabaseUrl, {
  readonly url: Redacted.Redacted
  /** What the URL says. */
  readonly target: ConnectionTarget
  readonly pooler: Pooler
  /** The way around the pooler, for migrations. */
  readonly direct: ConnectionTarget | undefined
  readonly embedded: boolean
}>()("playtally/database/DatabaseUrl") {}

/** Reads a URL that a setting holds. */
export const targetOf = (setting: string, url: Redacted.Redacted): Effect.Effect<ConnectionTarget, DatabaseUrlUnusable> =>
  Result.match(readTarget(Redacted.value(url)), {
    onSuccess: Effect.succeed,
    onFailure: (reason) => Effect.fail(new DatabaseUrlUnusable({ message: `${setting} cannot be used: ${reason}.` }))
  })
