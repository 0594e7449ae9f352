import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"

/** The client that goes around a pooler, for migrations, if `DATABASE_DIRECT_URL` is set. */
export const DirectClient = Context.Reference<PgClient.PgClient | undefined>("playtally/database/DirectClient", {
  defaultValue: () => undefined
})
