import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"

/** The way around a pooler for migrations, where `DATABASE_DIRECT_URL` gives one. */
export const DirectClient = Context.Reference<PgClient.PgClient | undefined>("playtally/database/DirectClient", {
  defaultValue: () => undefined
})
