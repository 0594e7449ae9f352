import { PgClient, type PgConnection } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Reactivity } from "effect/reactivity"
import * as Redacted from "effect/Redacted"
import { SqlClient, type SqlConnection, SqlError } from "effect/sql"
import { AppendClient } from "../../../src/database/AppendClient.ts"
import { DatabaseUrl, targetOf } from "../../../src/database/DatabaseUrl.ts"
import { failingTransactions } from "../../../src/database/failingTransactions.ts"
import { KeyClient } from "../../../src/database/KeyClient.ts"
import type { ClientKind } from "./Server.ts"

/**
 * A connection as a process sees it; `connection` is the server's side of it, from the first
 * statement on.
 */
export class Session {
  readonly process: string
  /** The name of the server that it leads to. */
  readonly server: string
  readonly kind: ClientKind
  /** Its number in the trace, once something has been sent. */
  number = 0
  connection: PgConnection.PgConnection | undefined
  inTransaction = false
  /** The process has seen it break, or is gone itself. */
  isLost = false
  /** The process has no more use for it. */
  isReleased = false

  constructor(process: string, server: string, kind: ClientKind) {
    this.process = process
    this.server = server
    this.kind = kind
  }
}

/**
 * A statement that a process has sent and that the world has not let through yet, or not to its
 * end.
 */
export class Statement {
  readonly session: Session
  readonly text: string
  readonly params: ReadonlyArray<unknown>
  readonly isPrepared: boolean
  /** Called once with what the process gets to see. */
  readonly resume: (answer: Effect.Effect<PgConnection.Result, SqlError.SqlError>) => void
  /**
   * Set once the process does not wait for the answer any more, and waits for its connection to be
   * free instead.
   */
  interrupted: (() => void) | undefined

  constructor(
    session: Session,
    text: string,
    params: ReadonlyArray<unknown>,
    isPrepared: boolean,
    resume: (answer: Effect.Effect<PgConnection.Result, SqlError.SqlError>) => void
  ) {
    this.session = session
    this.text = text
    this.params = params
    this.isPrepared = isPrepared
    this.resume = resume
  }

  /** Its beginning, for the trace. */
  get label(): string {
    return this.text.replaceAll(/\s+/g, " ").trim().slice(0, 70)
  }
}

/** Who decides when a statement is let through and what its process hears of it. */
export interface Network {
  readonly send: (statement: Statement) => void
  readonly interrupt: (statement: Statement, done: () => void) => void
  readonly release: (session: Session) => void
}

/** What the driver says when a connection breaks. */
export const connectionLost = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: new Error("simulated"), message: "the connection was lost", operation: "query" })
})

const never = (what: string): never => {
  throw new Error(`${what} is not simulated`)
}

const connectionOf = (network: Network, session: Session): SqlConnection.Connection => {
  const run = (text: string, params: ReadonlyArray<unknown>, isPrepared: boolean) =>
    Effect.callback<PgConnection.Result, SqlError.SqlError>((resume) => {
      if (session.isLost) return resume(Effect.fail(connectionLost))
      const statement = new Statement(session, text, params, isPrepared, resume)
      network.send(statement)
      return Effect.callback<void>((resume) => network.interrupt(statement, () => resume(Effect.void)))
    })
  const rows = (text: string, params: ReadonlyArray<unknown>, isPrepared: boolean) =>
    Effect.map(run(text, params, isPrepared), (result) => result.rows)
  return {
    execute: (text, params) => rows(text, params, true),
    executeUnprepared: (text, params) => rows(text, params, false),
    executeRaw: (text, params) => run(text, params, true),
    executeValues: () => never("executeValues"),
    executeValuesUnprepared: () => never("executeValuesUnprepared"),
    executeStream: () => never("executeStream")
  }
}

/**
 * As the driver's: PostgreSQL answers `ROLLBACK` to the `COMMIT` of a transaction in which
 * something has failed.
 */
const commit = (connection: SqlConnection.Connection): Effect.Effect<void, SqlError.SqlError> =>
  Effect.flatMap(
    connection.executeRaw("COMMIT", []),
    (result) =>
      typeof result === "object" && result !== null && "command" in result && result.command === "ROLLBACK"
        ? Effect.fail(
          new SqlError.SqlError({ reason: new SqlError.UnknownError({ cause: new Error("rolled back"), operation: "commit" }) })
        )
        : Effect.void
  )

/** One end of the network: a process, and the server that it speaks to. */
interface Line {
  readonly process: string
  readonly server: string
}

const makeClient = (network: Network, { process, server }: Line, kind: ClientKind) => {
  const acquirer = Effect.map(
    Effect.acquireRelease(Effect.sync(() => new Session(process, server, kind)), (session) => Effect.sync(() => network.release(session))),
    (session) => connectionOf(network, session)
  )
  return Effect.map(
    SqlClient.make({
      acquirer,
      compiler: PgClient.makeCompiler(),
      driver: "pg",
      prepareTransactionControls: true,
      commit,
      releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
      spanAttributes: []
    }),
    (client): PgClient.PgClient =>
      failingTransactions(Object.assign(client, {
        [PgClient.TypeId]: PgClient.TypeId,
        config: {},
        json: () => never("json"),
        listen: () => never("listen"),
        notify: () => never("notify")
      }))
  )
}

/** Where the database of a simulated server is said to be: its name is the server's. */
export const simulatedUrl = (server: string): DatabaseUrl["Service"] => {
  const url = Redacted.make(`postgres://simulated@127.0.0.1/${server}`)
  return { url, target: Effect.runSync(targetOf("simulated", url)), pooler: "none", direct: undefined, embedded: false }
}

/**
 * The clients of a process for one server, made of the driver's own parts. Their statements reach
 * the database when and if the network lets them.
 */
export const faultingSql = (
  network: Network,
  line: Line
): Layer.Layer<PgClient.PgClient | AppendClient | KeyClient | DatabaseUrl | SqlClient.SqlClient> =>
  Layer.effectContext(
    Effect.gen(function*() {
      const general = yield* makeClient(network, line, "general")
      return Context.make(PgClient.PgClient, general).pipe(
        Context.add(SqlClient.SqlClient, general),
        Context.add(KeyClient, general),
        Context.add(AppendClient, yield* makeClient(network, line, "append")),
        Context.add(DatabaseUrl, simulatedUrl(line.server))
      )
    })
  ).pipe(Layer.provide(Reactivity.layer))
