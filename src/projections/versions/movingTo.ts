import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"

/**
 * The slices of the database are moving to another server, so its tables cannot be changed now:
 * PostgreSQL replicates rows, and no tables (docs/partitions.md#moving-a-partition). Nothing has
 * changed.
 */
export class PartitionMoving
  extends Schema.TaggedError<PartitionMoving>("playtally/projections/PartitionMoving")("PartitionMoving", { message: Schema.String })
{}

/**
 * The server that slices of this database are moving to; undefined if they are not. It stays true
 * until the transaction ends, if that holds the lock `playtally projections` or a row of
 * `projections`.
 */
export const movingTo = (sql: PgClient.PgClient): Effect.Effect<string | undefined, SqlError.SqlError> =>
  Effect.map(sql<{ target: string }>`select target from partition_fence`, ([row]) => row?.target)

/** What to do about it, for the messages of those who refuse. */
export const whileMoving = (target: string): string =>
  `slices of this database are moving to server "${target}". Wait for the move, or cancel it: \`partitions list\` shows it.`
