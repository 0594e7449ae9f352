import { PgConnection } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql"
import { type EmbeddedCluster, openCluster } from "./EmbeddedCluster.ts"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { freePort, readPostmaster, removeStaleFile, startServer, stopServer, usualPort } from "./EmbeddedServer.ts"

/** `durable: false` gives up what a crash of the machine would need, for speed: for tests only. */
export interface EmbeddedPostgresOptions {
  readonly durable?: boolean | undefined
}

/** A session that holds the shared lock: as long as it lives, nobody stops the server politely. */
interface Membership {
  readonly port: number
  readonly scope: Scope.Closeable
  readonly session: PgConnection.PgConnection
  readonly lost: Effect.Effect<void>
}

/** The key of the advisory lock in the database `postgres`: shared for who uses the server, exclusive for who stops it. */
const lockKey = 7_813_442_906_517_223n

const ask = (session: PgConnection.PgConnection, question: string) =>
  Effect.map(session.queryValues(`select ${question}(${lockKey})`), ([row]) => row?.[0] === true)

const openSession = (cluster: EmbeddedCluster, port: number) =>
  Effect.flatMap(
    PgConnection.make({
      host: "127.0.0.1",
      port,
      database: "postgres",
      username: "postgres",
      password: cluster.password,
      applicationName: "playtally member"
    }),
    (connection) => connection.pin
  )

/** Joins the server on a port; undefined if its last user is stopping it. */
const enter = Effect.fnUntraced(function*(cluster: EmbeddedCluster, port: number) {
  const scope = yield* Scope.make()
  return yield* Effect.gen(function*() {
    const session = yield* openSession(cluster, port)
    if (!(yield* ask(session, "pg_try_advisory_lock_shared"))) {
      yield* Scope.close(scope, Exit.void)
      return undefined
    }
    // A server that is stopping may have cut off the one who holds the lock first. Then our session has been told to end too, and this fails.
    const deaths = yield* session.listen("playtally_member")
    return { port, scope, session, lost: Effect.ignore(Effect.forever(Queue.take(deaths))) } satisfies Membership
  }).pipe(
    Scope.provide(scope),
    Effect.onError(() => Scope.close(scope, Exit.void))
  )
})

/** A server that says "not yet" or "no longer" is ours; one that does not answer, or does not know our password, is not. */
const isOurs = ({ reason }: SqlError.SqlError) => reason._tag !== "ConnectionError" && reason._tag !== "AuthenticationError"

const stuck = (cluster: EmbeddedCluster, what: string) =>
  new EmbeddedPostgresError({ reason: "Stuck", dataDir: cluster.dataDir, message: `${what} See ${cluster.log}.` })

/** Joins the running server or starts one, on the port given if there is one; looks again and again while others start or stop it. */
const joinOrStart = Effect.fnUntraced(function*(cluster: EmbeddedCluster, onlyPort?: number) {
  let port = onlyPort ?? (yield* usualPort(cluster))
  let occupiedSince: number | undefined
  for (;;) {
    const running = yield* readPostmaster(cluster)
    const entered = running?.port === undefined || (onlyPort !== undefined && running.port !== onlyPort)
      ? undefined
      : yield* Effect.result(enter(cluster, running.port))
    if (entered?._tag === "Success") {
      if (entered.success !== undefined) return entered.success
    } else if (entered === undefined || !isOurs(entered.failure)) {
      const start = yield* startServer(cluster, port)
      const now = yield* Clock.currentTimeMillis
      if (start === "PortTaken" && onlyPort === undefined) port = yield* Effect.promise(freePort)
      if (start === "Occupied") yield* removeStaleFile(cluster)
      occupiedSince = start === "Started" ? undefined : occupiedSince ?? now
      if (occupiedSince !== undefined && now - occupiedSince > 30_000) {
        return yield* stuck(
          cluster,
          start === "PortTaken"
            ? `Port ${port} is taken, and the server was on it.`
            : `${cluster.data}/postmaster.pid names process ${running?.pid}, which does not answer. If no PostgreSQL runs there, remove that file.`
        )
      }
    }
    yield* Effect.sleep("50 millis")
  }
})

const join = (cluster: EmbeddedCluster, onlyPort?: number) =>
  Effect.timeoutOrElse(joinOrStart(cluster, onlyPort), {
    duration: "10 minutes",
    orElse: () => stuck(cluster, "The server has been starting or stopping for ten minutes.")
  })

/** Gives the shared lock up; returns a session, a new one if ours ended with a server that is being brought back. */
const withdraw = (cluster: EmbeddedCluster, { port, session }: Membership) =>
  Effect.as(ask(session, "pg_advisory_unlock_shared"), session).pipe(
    Effect.catch(() => Effect.retry(openSession(cluster, port), { while: isOurs, schedule: Schedule.spaced("50 millis") }))
  )

/** The last to leave stops the server: of several who leave at once, the last one to give up the shared lock gets the exclusive one. */
const leave = (cluster: EmbeddedCluster, membership: Membership) =>
  withdraw(cluster, membership).pipe(
    Effect.flatMap((session) => ask(session, "pg_try_advisory_lock")),
    Effect.flatMap((last) => last ? stopServer(cluster) : Effect.void),
    Effect.scoped,
    Effect.timeoutOption("8 seconds"),
    Effect.ignore,
    Effect.andThen(Scope.close(membership.scope, Exit.void))
  )

/** Waits for the death of the server (killed, out of memory) and brings it back on its port, where pools find it again. */
const heal = Effect.fnUntraced(function*(cluster: EmbeddedCluster, membership: Ref.Ref<Membership>) {
  const { lost, port, scope } = yield* Ref.get(membership)
  yield* lost
  yield* Effect.logWarning("The embedded PostgreSQL went away and is started again")
  yield* Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      yield* Scope.close(scope, Exit.void)
      const again = join(cluster, port).pipe(
        Effect.tapError((error) => Effect.logError(error.message)),
        Effect.retry(Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")]))
      )
      yield* Ref.set(membership, yield* restore(again))
    })
  )
})

/**
 * A PostgreSQL of our own, with its data in a directory, shared by every process that uses that directory. It outlives Ctrl-C and crashes of its users:
 * the last one to leave stops it, and after a crash the next one takes it over as it is. Only 127.0.0.1 reaches it, with a password kept in the
 * directory (mode 600).
 */
export class EmbeddedPostgres extends Context.Service<EmbeddedPostgres, {
  /** The superuser's URL; valid as long as the scope, also across a restart of a server that died. */
  readonly url: Redacted.Redacted
}>()("playtally/database/EmbeddedPostgres") {
  /** Gives the running server of `dataDir` (relative to the working directory), made and started as needed, until the scope closes. */
  static readonly acquire = Effect.fn("EmbeddedPostgres.acquire")(function*(dataDir: string, options: EmbeddedPostgresOptions = {}) {
    const cluster = yield* openCluster(dataDir, options.durable ?? true)
    const membership = yield* Effect.acquireRelease(
      Effect.flatMap(join(cluster), Ref.make),
      (current) => Effect.flatMap(Ref.get(current), (member) => leave(cluster, member)),
      { interruptible: true }
    )
    yield* Effect.forkScoped(Effect.forever(heal(cluster, membership)))
    const { port } = yield* Ref.get(membership)
    const url = Redacted.make(`postgres://postgres:${Redacted.value(cluster.password)}@127.0.0.1:${port}/postgres`)
    return EmbeddedPostgres.of({ url })
  })

  static readonly layer = (dataDir: string, options?: EmbeddedPostgresOptions): Layer.Layer<EmbeddedPostgres, EmbeddedPostgresError> =>
    Layer.effect(EmbeddedPostgres, EmbeddedPostgres.acquire(dataDir, options))
}
