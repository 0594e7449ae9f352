import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { known } from "../values/known.ts"
import type { Slice } from "../values/Slice.ts"
import { allSlices } from "./sliceOf.ts"

/** A database with a part of the log: the slices from the first to the last. */
export interface LogDatabase {
  readonly sql: PgClient.PgClient
  readonly first: Slice
  readonly last: Slice
  /** What it is called where there are several; undefined if it is the only one. */
  readonly name: string | undefined
}

/** The databases that the log lies in. */
export interface DatabasesOfLog {
  /** The database with the tenants, the keys and the rejected items. It may have no slices. */
  readonly home: PgClient.PgClient
  /** By their slices. Together they have each slice once. */
  readonly all: readonly [LogDatabase, ...ReadonlyArray<LogDatabase>]
  /**
   * Whether the slices are where `all` says: "Moving" if some may leave at any moment, "Elsewhere"
   * once some have left. A database that a slice leaves has its head no more, from one moment to
   * the next.
   */
  readonly whereabouts: Effect.Effect<"Here" | "Moving" | "Elsewhere", SqlError.SqlError>
}

/**
 * The databases of the log as a command finds them (docs/partitions.md), for what goes through the
 * whole log.
 *
 * Undefined where the log can be in no other database than that of the client.
 */
export const LogDatabases = Context.Reference<DatabasesOfLog | undefined>("playtally/event-log/LogDatabases", {
  defaultValue: () => undefined
})

/** The databases of the log: those of {@link LogDatabases}, or the one of the client. */
export const databasesOfLog: Effect.Effect<DatabasesOfLog, never, PgClient.PgClient> = Effect.gen(function*() {
  const home = yield* PgClient.PgClient
  const [first, last] = [known(allSlices[0], "first slice"), known(allSlices.at(-1), "last slice")]
  return (yield* LogDatabases) ?? { home, all: [{ sql: home, first, last, name: undefined }], whereabouts: Effect.succeed("Here") }
})
