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
import { freePort, readPostmaster, removeStaleFiles, startServer, stopServer, usualPort } from "./EmbeddedServer.ts"
import { heartbeat, isHeldElsewhere, refresh } from "./FolderLock.ts"
import { type Place, socketIn, urlOf } from "./Place.ts"
import { whoseFolder } from "./whoseFolder.ts"

/** How the server is started. Both are for tests only. */
export interface EmbeddedPostgresOptions {
  /** `false` gives up what a crash of the machine would need, for speed. */
  readonly durable?: boolean | undefined
  /**
   * Whether a new server listens on a port of 127.0.0.1 even where it could have a socket.
   *
   * Tests put themselves between the two.
   */
  readonly tcp?: boolean | undefined
}

/**
 * A session that holds the shared lock. While it lives, no other process stops the server politely.
 */
interface Membership {
  readonly place: Place
  readonly scope: Scope.Closeable
  readonly session: PgConnection.PgConnection
  readonly lost: Effect.Effect<void>
}

/**
 * The key of the advisory lock in the database `postgres`.
 *
 * A user of the server holds it shared; the process that stops the server takes it exclusively.
 */
const lockKey = 7_813_442_906_517_223n

const ask = (session: PgConnection.PgConnection, question: string) =>
  Effect.map(session.queryValues(`select ${question}(${lockKey})`), ([row]) => row?.[0] === true)

const openSession = (cluster: EmbeddedCluster, place: Place) =>
  Effect.flatMap(
    PgConnection.make({
      ...place,
      database: "postgres",
      username: "postgres",
      password: cluster.password,
      applicationName: "playtally member"
    }),
    (connection) => connection.pin
  )

/** Joins the server at a place; undefined if its last user is stopping it. */
const enter = Effect.fnUntraced(function*(cluster: EmbeddedCluster, place: Place) {
  const scope = yield* Scope.make()
  return yield* Effect.gen(function*() {
    const session = yield* openSession(cluster, place)
    if (!(yield* ask(session, "pg_try_advisory_lock_shared"))) {
      yield* Scope.close(scope, Exit.void)
      return undefined
    }
    // A stopping server may have cut off the holder of the lock first. It has told our session to
    // end too, so this fails.
    const deaths = yield* session.listen("playtally_member")
    return { place, scope, session, lost: Effect.ignore(Effect.forever(Queue.take(deaths))) } satisfies Membership
  }).pipe(
    Scope.provide(scope),
    Effect.onError(() => Scope.close(scope, Exit.void))
  )
})

const isSame = (one: Place, other: Place): boolean => one.host === other.host && one.port === other.port

/**
 * Whether the server that gave an error is ours.
 *
 * Ours answers "not yet" or "no longer". A server that does not answer, or does not know our
 * password, is not ours.
 */
const isOurs = ({ reason }: SqlError.SqlError) => reason._tag !== "ConnectionError" && reason._tag !== "AuthenticationError"

const stuck = (cluster: EmbeddedCluster, what: string) =>
  new EmbeddedPostgresError({ reason: "Stuck", dataDir: cluster.dataDir, message: `${what} See ${cluster.log}.` })

const inUse = ({ dataDir }: EmbeddedCluster) =>
  new EmbeddedPostgresError({
    reason: "InUse",
    dataDir,
    message:
      `${dataDir} is in use by a service in another container or on another machine. Stop that one, run commands in its container, or set DATA_DIR or DATABASE_URL to something else.`
  })

const tcpPlace = (cluster: EmbeddedCluster): Effect.Effect<Place> => Effect.map(usualPort(cluster), (port) => ({ host: "127.0.0.1", port }))

/**
 * Joins the running server, or starts one at the given place.
 *
 * It looks again while other processes start or stop the server. It fails with `InUse` if the
 * folder is used elsewhere, and with `Stuck` if a start is in vain for 30 s.
 */
const joinOrStart = Effect.fnUntraced(function*(cluster: EmbeddedCluster, where: { readonly tcp: boolean } | { readonly only: Place }) {
  const only = "only" in where ? where.only : undefined
  let place = only ?? ("tcp" in where && where.tcp ? undefined : socketIn(cluster.home)) ?? (yield* tcpPlace(cluster))
  let occupiedSince: number | undefined
  for (;;) {
    const whose = yield* whoseFolder(cluster)
    if (whose === "Elsewhere") return yield* inUse(cluster)
    const running = yield* readPostmaster(cluster)
    const entered = whose === "Nobody" || running?.place === undefined || (only !== undefined && !isSame(running.place, only))
      ? undefined
      : yield* Effect.result(enter(cluster, running.place))
    if (entered?._tag === "Success") {
      if (entered.success !== undefined) {
        // A socket answers in every container. Another container may have taken the folder since
        // the last look.
        if (!(yield* isHeldElsewhere(cluster))) return entered.success
        yield* Scope.close(entered.success.scope, Exit.void)
      }
    } else if (entered === undefined || !isOurs(entered.failure)) {
      const start = yield* startServer(cluster, place)
      const now = yield* Clock.currentTimeMillis
      if (start === "PortTaken" && only === undefined) place = { host: place.host, port: yield* Effect.promise(freePort) }
      if (start === "NoSocket" && only === undefined) place = yield* tcpPlace(cluster)
      if (start === "Occupied") yield* removeStaleFiles(cluster, place)
      occupiedSince = start === "Started" ? undefined : occupiedSince ?? now
      if (occupiedSince !== undefined && now - occupiedSince > 30_000) {
        return yield* stuck(
          cluster,
          start === "PortTaken"
            ? `Port ${place.port} is taken, and the server was on it.`
            : start === "Locked"
            ? `Processes of a server that was stopped still use ${cluster.data}.`
            : `${cluster.data}/postmaster.pid names process ${running?.pid}, which does not answer. If no PostgreSQL runs there, remove that file.`
        )
      }
    }
    yield* Effect.sleep("50 millis")
  }
})

const join = (...of: Parameters<typeof joinOrStart>) =>
  Effect.timeoutOrElse(joinOrStart(...of), {
    duration: "10 minutes",
    orElse: () => stuck(of[0], "The server has been starting or stopping for ten minutes.")
  })

/**
 * Gives up the shared lock, and returns a session.
 *
 * The session is a new one if ours ended with a server that is being brought back.
 */
const withdraw = (cluster: EmbeddedCluster, { place, session }: Membership) =>
  Effect.as(ask(session, "pg_advisory_unlock_shared"), session).pipe(
    Effect.catch(() => Effect.retry(openSession(cluster, place), { while: isOurs, schedule: Schedule.spaced("50 millis") }))
  )

/**
 * Gives up the server, and stops it after the last user.
 *
 * If several users leave at once, the last to give up the shared lock gets the exclusive one.
 */
const leave = (cluster: EmbeddedCluster, membership: Membership) =>
  withdraw(cluster, membership).pipe(
    Effect.flatMap((session) => ask(session, "pg_try_advisory_lock")),
    Effect.flatMap((last) => last ? stopServer(cluster) : Effect.void),
    Effect.scoped,
    Effect.timeoutOption("8 seconds"),
    Effect.ignore,
    Effect.andThen(Scope.close(membership.scope, Exit.void))
  )

/**
 * Waits until the server dies (killed, out of memory), and starts it again at the same place.
 *
 * Pools find it again there.
 */
const heal = Effect.fnUntraced(function*(cluster: EmbeddedCluster, membership: Ref.Ref<Membership>) {
  const { lost, place, scope } = yield* Ref.get(membership)
  yield* lost
  yield* Effect.logWarning("The embedded PostgreSQL went away and is started again")
  yield* Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      yield* Scope.close(scope, Exit.void)
      const again = join(cluster, { only: place }).pipe(
        Effect.tapError((error) => Effect.logError(`The embedded PostgreSQL does not come back, and is tried again: ${error.message}`)),
        Effect.retry(Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")]))
      )
      yield* Ref.set(membership, yield* restore(again))
    })
  )
})

/**
 * PostgreSQL from an npm package, running in a directory and shared by every process that uses the
 * directory.
 *
 * It outlives a Ctrl-C and a crash of its users. The last user to leave stops it, and after a crash
 * the next user takes it over as it is. It listens on a Unix socket in a folder that only its
 * account may enter (mode 700). Where there can be no socket, it listens on 127.0.0.1. Both need a
 * password, which the directory holds (mode 600).
 */
export class EmbeddedPostgres extends Context.Service<EmbeddedPostgres, {
  /**
   * The superuser's URL. It is valid while the scope is open, also after a server that died was
   * started again.
   */
  readonly url: Redacted.Redacted
}>()("playtally/database/EmbeddedPostgres") {
  /**
   * Gives the running server of `dataDir` until the scope closes. A relative path counts from the
   * working directory.
   *
   * It makes the database and starts the server if they are missing. It fails with
   * `EmbeddedPostgresError`, whose `reason` says why there is no server.
   */
  static readonly acquire = Effect.fn("EmbeddedPostgres.acquire")(function*(dataDir: string, options: EmbeddedPostgresOptions = {}) {
    const cluster = yield* openCluster(dataDir, { durable: options.durable ?? true })
    const membership = yield* Effect.acquireRelease(
      Effect.flatMap(join(cluster, { tcp: options.tcp ?? false }), Ref.make),
      (current) => Effect.flatMap(Ref.get(current), (member) => leave(cluster, member)),
      { interruptible: true }
    )
    yield* Effect.forkScoped(Effect.forever(heal(cluster, membership)))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(refresh(cluster), Effect.sleep(heartbeat))))
    const { place } = yield* Ref.get(membership)
    return EmbeddedPostgres.of({ url: Redacted.make(urlOf(place, Redacted.value(cluster.password))) })
  })

  static readonly layer = (dataDir: string, options?: EmbeddedPostgresOptions): Layer.Layer<EmbeddedPostgres, EmbeddedPostgresError> =>
    Layer.effect(EmbeddedPostgres, EmbeddedPostgres.acquire(dataDir, options))
}
