import { PgClient, type PgConnection, PgPool } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { Reactivity } from "effect/reactivity"
import type * as Scope from "effect/Scope"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import * as Stream from "effect/Stream"
import { failingTransactions } from "./failingTransactions.ts"
import { sqlState } from "./failureOf.ts"
import { raiseSessionSynchronousCommit } from "./synchronousCommit.ts"

/** A connection lives a minute at most, so that a name that leads to another server is looked up again. */
const lifetime = "1 minute"

/** What gives up a client's connections, by client. */
const givingUp = new WeakMap<PgClient.PgClient, () => void>()

/**
 * Has a client use none of the connections again that it has opened so far: the database behind them is not the one to use any more. What is under way on them goes
 * on. A client that this module has not made is left alone.
 */
export const giveUpConnections = (client: PgClient.PgClient): void => givingUp.get(client)?.()

/**
 * The states in which a server says that it cannot write: it is a standby (25006, 55000), or was made read-only (25006). A connection cannot become better, for after
 * a switchover it leads to the old primary for ever.
 */
const cannotWrite = new Set(["25006", "55000"])

/**
 * The driver's pooled client, made of the driver's own parts, with one more rule: after a statement was refused because the server cannot write, neither its
 * connection nor an older one is used again. The driver gives up a connection only when its socket fails, and a standby's does not. And whatever a session commits
 * is on disk when that is answered, see {@link raiseSessionSynchronousCommit}.
 */
export const pooledClient: (
  options: PgClient.PgPoolConfig
) => Effect.Effect<PgClient.PgClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> = Effect.fnUntraced(function*(options) {
  const pool = yield* PgPool.make({ connectionTTL: lifetime, ...options })
  /** Connections by age, from 1. Those up to `lastUseless` are given up when they are next taken from the pool. */
  const ages = new WeakMap<PgConnection.PgConnection, number>()
  let youngest = 0
  let lastUseless = 0

  const useful: Effect.Effect<PgConnection.PgConnection, SqlError.SqlError, Scope.Scope> = Effect.flatMap(pool.get, (connection) => {
    const age = ages.get(connection)
    if (age !== undefined) return age > lastUseless ? Effect.succeed(connection) : Effect.andThen(pool.invalidate(connection), useful)
    ages.set(connection, ++youngest)
    return Effect.as(connection.query(raiseSessionSynchronousCommit, [], false), connection)
  })
  const connectionOf = (connection: PgConnection.PgConnection, age: number): SqlConnection.Connection => {
    const noticing = <A>(statement: Effect.Effect<A, SqlError.SqlError>) =>
      Effect.tapError(statement, (error) =>
        Effect.sync(() => {
          if (cannotWrite.has(sqlState(error) ?? "")) lastUseless = Math.max(lastUseless, age)
        }))
    const rows = (text: string, params: ReadonlyArray<unknown>, prepare?: boolean) =>
      Effect.map(noticing(connection.query(text, params, prepare)), (result) => result.rows)
    return {
      execute: (text, params) => rows(text, params),
      executeUnprepared: (text, params) => rows(text, params, false),
      executeRaw: (text, params) => noticing(connection.query(text, params)),
      executeValues: (text, params) => noticing(connection.queryValues(text, params)),
      executeValuesUnprepared: (text, params) => noticing(connection.queryValues(text, params, false)),
      executeStream: (text, params) => Stream.fromEffect(rows(text, params)).pipe(Stream.flattenIterable)
    }
  }
  const ageOf = (connection: PgConnection.PgConnection) => ages.get(connection) ?? youngest
  const acquirer = Effect.map(useful, (connection) => connectionOf(connection, ageOf(connection)))
  const transactionAcquirer = Effect.flatMap(
    useful,
    (connection) => Effect.map(connection.pin, (pinned) => connectionOf(pinned, ageOf(connection)))
  )
  const client = yield* SqlClient.make({
    acquirer,
    transactionAcquirer,
    compiler: PgClient.makeCompiler(),
    driver: "pg",
    prepareTransactionControls: true,
    commit,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    spanAttributes: [["db.system.name", "postgresql"]]
  })
  const made: PgClient.PgClient = Object.assign(client, {
    [PgClient.TypeId]: PgClient.TypeId,
    config: options,
    json: (value: unknown) => Statement.fragment([json(value, undefined, undefined)]),
    listen: (channel: string) => Effect.flatMap(useful, (connection) => connection.listen(channel)),
    notify: (channel: string, payload: string) => Effect.asVoid(client`select pg_notify(${channel}, ${payload})`)
  })
  givingUp.set(made, () => {
    lastUseless = youngest
  })
  return failingTransactions(made)
})

/** PostgreSQL answers `ROLLBACK` to the `COMMIT` of a transaction in which something has failed. */
const commit = (connection: SqlConnection.Connection): Effect.Effect<void, SqlError.SqlError> =>
  Effect.flatMap(
    connection.executeRaw("COMMIT", []),
    (result) =>
      typeof result === "object" && result !== null && "command" in result && result.command === "ROLLBACK"
        ? Effect.fail(
          new SqlError.SqlError({
            reason: new SqlError.UnknownError({ cause: new Error("COMMIT rolled back an aborted transaction"), operation: "commit" })
          })
        )
        : Effect.void
  )

/** As the driver's compiler knows it. */
const json = Statement.custom<Statement.Custom<"PgJson", unknown>>("PgJson")
