import * as Context from "effect/Context"
import type * as Redacted from "effect/Redacted"

/** Where the database is, and whether it is the embedded one. */
export class DatabaseUrl extends Context.Service<DatabaseUrl, {
  readonly url: Redacted.Redacted
  readonly embedded: boolean
}>()("playtally/database/DatabaseUrl") {}
