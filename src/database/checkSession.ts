import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { known } from "../values/known.ts"
import { DatabaseUrl } from "./DatabaseUrl.ts"
import { plans, timeLimits } from "./sessionSettings.ts"

/**
 * The sessions of `DATABASE_URL` do not keep what the service relies on.
 *
 * `message` says what they lack, and what mends it.
 */
export class SessionUnfit extends Schema.TaggedError<SessionUnfit>("playtally/database/SessionUnfit")("SessionUnfit", {
  message: Schema.String
}) {}

/** The settings that a session has, and its role. */
export interface SessionFacts {
  readonly role: string
  readonly database: string
  /** The settings that the service asks for, by their names, as `current_setting` tells them. */
  readonly settings: Readonly<Record<string, string>>
}

const wanted: Readonly<Record<string, string>> = { ...timeLimits, ...plans }

/** Reads the settings of a session. */
export const readSession = (sql: PgClient.PgClient): Effect.Effect<SessionFacts, SqlError.SqlError> =>
  Effect.map(
    sql<{ role: string; database: string; name: string; value: string }>`
      select quote_ident(session_user) as role, quote_ident(current_database()) as database, name, current_setting(name) as value
      from unnest(${Object.keys(wanted)}::text[]) as name`,
    (rows) => {
      const { database, role } = known(rows[0], "row of a setting")
      return { role, database, settings: Object.fromEntries(rows.map(({ name, value }) => [name, value])) }
    }
  )

/** The time limits that a session lacks, and the planner's settings that differ. */
export const lackingOf = (
  { settings }: SessionFacts
): { readonly limits: ReadonlyArray<string>; readonly plans: ReadonlyArray<string> } => ({
  limits: Object.keys(timeLimits).filter((name) => settings[name] === "0"),
  plans: Object.entries(plans).flatMap(([name, value]) => settings[name] === value ? [] : [name])
})

/** The statement that gives the role what it lacks, for sessions that begin later. */
export const mending = ({ database, role }: SessionFacts, names: ReadonlyArray<string>): string =>
  names.map((name) => `alter role ${role} in database ${database} set ${name} = '${wanted[name]}';`).join(" ")

/**
 * Whether a pooler gives a session for one transaction only.
 *
 * Such a pooler gives the session first that was given back last. So a transaction of another
 * connection gets the session that the first connection has just used. Without such a pooler each
 * connection has its own.
 */
export const isShared = (sql: PgClient.PgClient) =>
  Effect.scoped(Effect.gen(function*() {
    const one = yield* sql.reserve
    const pid = Effect.map(one.executeValuesUnprepared("select pg_backend_pid()", []), (rows) => rows[0]?.[0])
    const before = yield* pid
    const [other, after] = yield* sql.withTransaction(
      Effect.flatMap(
        sql<{ pid: number }>`select pg_backend_pid() as pid`,
        ([row]) => Effect.map(pid, (after) => [row?.pid, after] as const)
      )
    )
    return other === before || after !== before
  }))

/** What to do if a pooler has refused the settings of a session; undefined for any other error. */
export const refusalOf = (error: SqlError.SqlError): SessionUnfit | undefined => {
  const { cause } = error.reason
  const parameter = cause instanceof Error
    ? /unsupported startup parameter(?: in options)?: "?([a-z_]+)/.exec(cause.message)?.[1]
    : undefined
  return parameter === undefined ? undefined : new SessionUnfit({
    message:
      `DATABASE_URL leads to a pooler that refuses the setting ${parameter} of a session. Set DATABASE_POOLER to session or transaction, as the pooler works, and give the role its limits (docs/connecting.md).`
  })
}

/**
 * Checks once that a session of `DATABASE_URL` keeps the time limits, and that it lasts.
 *
 * A pooler may drop the limits in silence, and a frozen process then holds its locks for ever. It
 * fails with {@link SessionUnfit}, which says what mends it, and with `SqlError` if the database
 * does not answer. Planner's settings that differ are a warning in the log.
 */
export const checkSession: Effect.Effect<void, SessionUnfit | SqlError.SqlError, DatabaseUrl | PgClient.PgClient> = Effect.gen(function*() {
  const { embedded, pooler } = yield* DatabaseUrl
  if (embedded) return
  const sql = yield* PgClient.PgClient
  const facts = yield* readSession(sql)
  if (pooler !== "transaction" && (yield* isShared(sql))) {
    return yield* new SessionUnfit({
      message:
        `DATABASE_URL leads to a pooler that gives sessions for a transaction only, and DATABASE_POOLER is ${pooler}. Set DATABASE_POOLER=transaction, or have the pooler give whole sessions.`
    })
  }
  const lacking = lackingOf(facts)
  if (lacking.limits.length > 0) {
    const why = pooler === "none"
      ? "a pooler on the way drops the settings of its clients (see DATABASE_POOLER)"
      : "behind a pooler the role's settings hold, and the role has none"
    return yield* new SessionUnfit({
      message: `The sessions of the database have no ${
        lacking.limits.join(", no ")
      }: ${why}. A role that may do so mends it, for sessions that begin later: ${mending(facts, [...lacking.limits, ...lacking.plans])}`
    })
  }
  if (lacking.plans.length > 0) {
    yield* Effect.logWarning(`The planner's settings differ, so reading may become slow. This mends it: ${mending(facts, lacking.plans)}`)
  }
}).pipe(
  Effect.catchTag("SqlError", (error) => Effect.fail(refusalOf(error) ?? error))
)
