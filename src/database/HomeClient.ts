import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"

/**
 * The client of the database that keeps what belongs to no slice: tenants, keys, rejected items.
 *
 * Undefined if that is the database of the other clients, as it is unless a log has several
 * (docs/partitions.md).
 */
export const HomeClient = Context.Reference<PgClient.PgClient | undefined>("playtally/database/HomeClient", {
  defaultValue: () => undefined
})
