import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SqlError, Statement } from "effect/sql"
import { sqlState } from "../database/classifySqlError.ts"

/**
 * What tells one life of a PostgreSQL server, and of the log in it, from another.
 *
 * - A promotion changes the timeline, and comes with another server.
 * - A restart, or a restored folder, changes when the server started.
 * - A restored or copied database changes where the heads are stored.
 */
const parts = {
  // The control file lags behind a promotion, the name of the file that is written does not.
  // A standby writes none.
  timeline: "case when not pg_is_in_recovery() then substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end",
  // In microseconds, whatever the session's zone.
  server_started: "extract(epoch from pg_postmaster_start_time())::text",
  // The database's number and that of the table's file. `VACUUM FULL` changes it too, which costs
  // nothing but a history without a loss.
  storage: "pg_relation_filepath('slice_heads')"
} as const

export type Part = keyof typeof parts
const allParts = Object.keys(parts) as ReadonlyArray<Part>

/** The parts that a database told; the others are null. */
export type Incarnation = { readonly [part in Part]: string | null }

/** The columns of an {@link Incarnation}, with null for what the database does not tell. */
export const incarnationColumns = (sql: PgClient.PgClient, told: ReadonlyArray<Part>) =>
  sql.literal(allParts.map((part) => `${told.includes(part) ? parts[part] : "null::text"} as ${part}`).join(", "))

/**
 * Finds out which parts a database tells: a hosted one may refuse some, for the lack of rights or
 * of a function. Says so.
 */
export const findToldParts = Effect.fnUntraced(function*(sql: PgClient.PgClient) {
  const told: Array<Part> = []
  for (const part of allParts) {
    const one = yield* Effect.result(askIncarnation(sql, [part]))
    if (Result.isSuccess(one)) told.push(part)
    // A refusal comes from the server, with a state that says what is wrong with the question.
    else if (refusals.has(sqlState(one.failure)?.slice(0, 2) ?? "")) {
      yield* Effect.logWarning("The database does not tell all that shows a failover").pipe(Effect.annotateLogs({ part }))
    } else return yield* one.failure
  }
  return told
})

/**
 * Classes of states: a feature that is not there, rights or a function that is missing, a server
 * that is not set up for it.
 */
const refusals = new Set(["0A", "42", "55"])

/** Asks for some parts of the incarnation of the server. */
export const askIncarnation = (sql: PgClient.PgClient, told: ReadonlyArray<Part>): Effect.Effect<Incarnation, SqlError.SqlError> =>
  Effect.flatMap(
    sql<Incarnation>`select ${incarnationColumns(sql, told)}`,
    ([row]) => row === undefined ? Effect.die(new Error("a select without a table gave no row")) : Effect.succeed(row)
  )

/** The parts that an incarnation has. */
export const partsOf = (incarnation: Incarnation): ReadonlyArray<Part> => allParts.filter((part) => incarnation[part] !== null)

/**
 * SQL for the incarnation that runs as one text, of the same parts as the one given; {@link textOf}
 * is what it says in that one.
 */
export const currentText = (sql: PgClient.PgClient, incarnation: Incarnation): Statement.Fragment =>
  sql.literal(`concat_ws(' ', ${["null", ...partsOf(incarnation).map((part) => parts[part])].join(", ")})`)

/** An incarnation as {@link currentText} writes it. */
export const textOf = (incarnation: Incarnation): string => partsOf(incarnation).map((part) => incarnation[part]).join(" ")

/**
 * Whether two are the same. A part that one does not tell is not compared: two roles may be told
 * different parts.
 */
export const isSame = (a: Incarnation, b: Incarnation): boolean =>
  allParts.every((part) => a[part] === null || b[part] === null || a[part] === b[part])
