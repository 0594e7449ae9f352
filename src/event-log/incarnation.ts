import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { SqlError, Statement } from "effect/sql"
import { failureOf } from "../database/failureOf.ts"

/**
 * What tells one life of a PostgreSQL server, and of the log in it, from another. A promotion changes the timeline and comes with another server, a restored folder and
 * a restart change when the server started, a restored or copied database changes where the heads are stored.
 */
const parts = {
  // The control file lags behind a promotion, the name of the file that is written does not.
  timeline: "substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)",
  // In microseconds, whatever the session's zone.
  server_started: "extract(epoch from pg_postmaster_start_time())::text",
  // The database's number and that of the table's file. `VACUUM FULL` changes it too, which costs nothing but a history without a loss.
  storage: "pg_relation_filepath('slice_heads')"
} as const

type Part = keyof typeof parts
const allParts = Object.keys(parts) as ReadonlyArray<Part>

/** The parts that a database told; the others are null. */
export type Incarnation = { readonly [part in Part]: string | null }

/** The columns of an {@link Incarnation}, with null for what the database does not tell. */
export const incarnationColumns = (sql: PgClient.PgClient, told: ReadonlyArray<Part>) =>
  sql.literal(allParts.map((part) => `${told.includes(part) ? parts[part] : "null::text"} as ${part}`).join(", "))

/** Asks for the incarnation of the server. A hosted database that refuses a part of it, by rights or for the lack of a function, is asked for the others. */
export const askIncarnation = Effect.fnUntraced(function*(sql: PgClient.PgClient) {
  const all = yield* Effect.result(ask(sql, allParts))
  if (Result.isSuccess(all)) return all.success
  if (failureOf(all.failure)._tag === "Transient") return yield* all.failure
  const told: Array<Part> = []
  for (const part of allParts) {
    const one = yield* Effect.result(ask(sql, [part]))
    if (Result.isSuccess(one)) told.push(part)
    else if (failureOf(one.failure)._tag === "Transient") return yield* one.failure
    else yield* Effect.logWarning("The database does not tell all that shows a failover").pipe(Effect.annotateLogs({ part }))
  }
  return yield* ask(sql, told)
})

const ask = (sql: PgClient.PgClient, told: ReadonlyArray<Part>): Effect.Effect<Incarnation, SqlError.SqlError> =>
  Effect.flatMap(
    sql<Incarnation>`select ${incarnationColumns(sql, told)}`,
    ([row]) => row === undefined ? Effect.die(new Error("a select without a table gave no row")) : Effect.succeed(row)
  )

/** The parts that an incarnation has. */
export const partsOf = (incarnation: Incarnation): ReadonlyArray<Part> => allParts.filter((part) => incarnation[part] !== null)

/** SQL for the incarnation that runs as one text, of the same parts as the one given; {@link textOf} is what it says in that one. */
export const currentText = (sql: PgClient.PgClient, incarnation: Incarnation): Statement.Fragment =>
  sql.literal(`concat_ws(' ', ${["null", ...partsOf(incarnation).map((part) => parts[part])].join(", ")})`)

/** An incarnation as {@link currentText} writes it. */
export const textOf = (incarnation: Incarnation): string => partsOf(incarnation).map((part) => incarnation[part]).join(" ")

/** Whether two are the same. What one of them does not tell is not compared: two roles may be told different parts. */
export const isSame = (a: Incarnation, b: Incarnation): boolean =>
  allParts.every((part) => a[part] === null || b[part] === null || a[part] === b[part])
