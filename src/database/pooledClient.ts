import { PgClient, type PgConnection, PgPool } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Reactivity } from "effect/reactivity"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import * as Stream from "effect/Stream"
import { sqlState } from "./classifySqlError.ts"
import { failingTransactions } from "./failingTransactions.ts"
import { raiseSessionSynchronousCommit } from "./synchronousCommit.ts"

/** The longest life of a connection: after it, the name of the server is looked up again. */
const lifetime = "1 minute"

/** For each client, what gives up its open connections. */
const givingUp = new WeakMap<PgClient.PgClient, () => void>()

/**
 * Makes a client use none of the connections again that it has opened so far.
 *
 * For a database that is no longer the one to use. Statements in progress finish on their
 * connections. A client that this module has not made is left alone.
 */
export const giveUpConnections = (client: PgClient.PgClient): void => givingUp.get(client)?.()

/**
 * The SQLSTATE with which a server says that it cannot write.
 *
 * It is a standby, or was made read-only. Its connections do not recover: after a switchover they
 * lead to the old primary for ever.
 */
const cannotWrite = "25006"

/** A pool of connections, and whether it is given up. */
interface Generation {
  readonly pool: PgPool.PgPool
  readonly scope: Scope.Closeable
  /** How many callers hold a connection or wait for one. A pool that is given up closes at zero. */
  users: number
  isGivenUp: boolean
}

/**
 * The driver's pooled client, built from the driver's own parts, with two more rules.
 *
 * - After a server has refused a statement because it cannot write, no connection that was open
 *   then is used again. The driver itself gives up a connection only when its socket fails, and a
 *   standby's socket does not.
 * - A commit of any session is on disk when it is answered. {@link raiseSessionSynchronousCommit}
 *   sees to it.
 *
 * The first rule exchanges the whole pool. The driver does not tell the age of a connection, and it
 * opens some before a caller needs one.
 */
export const pooledClient: (
  options: PgClient.PgPoolConfig
) => Effect.Effect<PgClient.PgClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> = Effect.fnUntraced(function*(options) {
  const scope = yield* Effect.scope
  const opening = Effect.gen(function*() {
    const own = yield* Scope.fork(scope)
    const pool = yield* Scope.provide(PgPool.make({ connectionTTL: lifetime, ...options }), own)
    return { pool, scope: own, users: 0, isGivenUp: false } satisfies Generation
  })
  let current: Generation = yield* opening
  const exchanging = Semaphore.makeUnsafe(1)
  const closeUnused = (generation: Generation) =>
    generation.isGivenUp && generation.users === 0
      ? Effect.asVoid(Effect.forkIn(Scope.close(generation.scope, Exit.void), scope))
      : Effect.void
  const exchange = exchanging.withPermit(Effect.gen(function*() {
    const before = current
    if (!before.isGivenUp) return
    current = yield* opening
    yield* closeUnused(before)
  }))

  const use = (generation: Generation) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        generation.users++
      }),
      () =>
        Effect.suspend(() => {
          generation.users--
          return closeUnused(generation)
        })
    )
  const raised = new WeakSet<PgConnection.PgConnection>()
  /** A connection of a pool that is not given up. */
  const useful: Effect.Effect<
    { readonly generation: Generation; readonly connection: PgConnection.PgConnection },
    SqlError.SqlError,
    Scope.Scope
  > = Effect.suspend(() => {
    const generation = current
    if (generation.isGivenUp) return Effect.andThen(exchange, useful)
    return Effect.flatMap(Effect.andThen(use(generation), generation.pool.get), (connection) => {
      if (generation.isGivenUp) return useful
      if (raised.has(connection)) return Effect.succeed({ generation, connection })
      return Effect.map(connection.query(raiseSessionSynchronousCommit, [], false), () => {
        raised.add(connection)
        return { generation, connection }
      })
    })
  })
  const connectionOf = (connection: PgConnection.PgConnection, generation: Generation): SqlConnection.Connection => {
    const noticing = <A>(statement: Effect.Effect<A, SqlError.SqlError>) =>
      Effect.tapError(statement, (error) =>
        Effect.sync(() => {
          if (sqlState(error) === cannotWrite) generation.isGivenUp = true
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
  const acquirer = Effect.map(useful, ({ connection, generation }) => connectionOf(connection, generation))
  const transactionAcquirer = Effect.flatMap(
    useful,
    ({ connection, generation }) => Effect.map(connection.pin, (pinned) => connectionOf(pinned, generation))
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
    listen: (channel: string) => Effect.flatMap(useful, ({ connection }) => connection.listen(channel)),
    notify: (channel: string, payload: string) => Effect.asVoid(client`select pg_notify(${channel}, ${payload})`)
  })
  givingUp.set(made, () => {
    current.isGivenUp = true
  })
  return failingTransactions(made)
})

/** Fails where PostgreSQL answers `ROLLBACK`: a statement of the transaction has failed before. */
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

/** The fragment by the name that the driver's compiler knows. */
const json = Statement.custom<Statement.Custom<"PgJson", unknown>>("PgJson")
