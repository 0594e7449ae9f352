import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Reactivity } from "effect/reactivity"
import type * as Redacted from "effect/Redacted"
import { Settings } from "../platform/Settings.ts"
import { AppendClient } from "./AppendClient.ts"
import { checkSession } from "./checkSession.ts"
import { leastConnections, OwnConnections } from "./connections.ts"
import type { ConnectionTarget } from "./ConnectionTarget.ts"
import { DatabaseUrl, type Pooler, targetOf } from "./DatabaseUrl.ts"
import type { DatabaseUrlUnusable } from "./DatabaseUrlUnusable.ts"
import { DirectClient } from "./DirectClient.ts"
import { EmbeddedPostgres } from "./embedded/EmbeddedPostgres.ts"
import type { EmbeddedPostgresError } from "./embedded/EmbeddedPostgresError.ts"
import { KeyClient } from "./KeyClient.ts"
import { largestMessage } from "./largestMessage.ts"
import { postgresTypes } from "./numericCodec.ts"
import { pooledClient } from "./pooledClient.ts"
import { PoolShare, shareOf } from "./PoolShare.ts"
import { plans, timeLimits } from "./sessionSettings.ts"
import { socketTimeout } from "./socketTimeout.ts"

/**
 * For each client, the milliseconds without a byte after which a connection is given up.
 *
 * Each is more than a statement of that client may take.
 */
const silence = { usual: 35_000, append: 12_000, keys: 6_000 }

/**
 * Whether a connection may stay silent for any time.
 *
 * Commands set it that read the whole database while an operator watches.
 */
export const IsPatient = Context.Reference<boolean>("playtally/database/IsPatient", { defaultValue: () => false })

/** What distinguishes one client from the others. */
interface Use {
  /** Follows the name of the application in `pg_stat_activity`. */
  readonly name?: string
  readonly maxConnections: number
  /** The least connections where several databases share them. */
  readonly leastConnections: number
  /** In milliseconds; 0 is no limit. */
  readonly silence: number
  /** Settings of its sessions. Behind a pooler the settings of the role apply instead. */
  readonly session: Readonly<Record<string, string>>
}

/** A client of a server. */
const makeClient = ({ pooler, target, use }: { readonly pooler: Pooler; readonly target: ConnectionTarget; readonly use: Use }) =>
  pooledClient({
    host: target.host,
    port: target.port,
    username: target.user,
    database: target.database,
    ...target.password === undefined ? {} : { password: target.password },
    connectTimeout: target.connectSeconds === 0 ? "Infinity" : `${target.connectSeconds} seconds`,
    // The socket does what the target says about TLS.
    ssl: false,
    stream: socketTimeout(target, use.silence),
    applicationName: use.name === undefined ? target.applicationName : `${target.applicationName} ${use.name}`,
    ...target.options === undefined ? {} : { startupOptions: target.options },
    startupParameters: pooler === "none" ? use.session : {},
    prepare: pooler !== "transaction",
    types: postgresTypes,
    maxConnections: use.maxConnections,
    maxMessageSize: largestMessage
  })

const clientOf = Effect.fnUntraced(function*(use: Use) {
  const { pooler, target } = yield* DatabaseUrl
  const maxConnections = shareOf(use.maxConnections, { databases: yield* PoolShare, least: use.leastConnections })
  return yield* makeClient({ pooler, target, use: { ...use, maxConnections } })
})

/** The client for reads, projections and everything that has no client of its own. */
const clientLayer = Layer.unwrap(Effect.gen(function*() {
  const client = clientOf({
    maxConnections: (yield* OwnConnections).client,
    leastConnections: leastConnections.client,
    silence: (yield* IsPatient) ? 0 : silence.usual,
    session: { ...timeLimits, ...plans }
  })
  return PgClient.layerFrom(client)
}))

const appendLayer = Layer.effect(
  AppendClient,
  Effect.flatMap(OwnConnections, (connections) =>
    clientOf({
      name: "append",
      maxConnections: connections.append,
      leastConnections: leastConnections.append,
      silence: silence.append,
      session: { ...timeLimits, lock_timeout: "2s", statement_timeout: "10s", ...plans, plan_cache_mode: "force_generic_plan" }
    }))
).pipe(Layer.provide(Reactivity.layer))

const keyLayer = Layer.effect(
  KeyClient,
  Effect.flatMap(OwnConnections, (connections) =>
    clientOf({
      name: "keys",
      maxConnections: connections.keys,
      leastConnections: leastConnections.keys,
      silence: silence.keys,
      session: { ...timeLimits, lock_timeout: "2s", statement_timeout: "4s", ...plans }
    }))
).pipe(Layer.provide(Reactivity.layer))

const directLayer = Layer.effect(
  DirectClient,
  Effect.gen(function*() {
    const { direct } = yield* DatabaseUrl
    if (direct === undefined) return undefined
    const use: Use = {
      name: "migrations",
      maxConnections: 2,
      leastConnections: 2,
      silence: silence.usual,
      session: { ...timeLimits, ...plans }
    }
    return yield* makeClient({ pooler: "none", target: direct, use })
  })
).pipe(Layer.provide(Reactivity.layer))

const urlLayer = Layer.unwrap(Effect.map(Settings, ({ dataDir, database: { directUrl, pooler, url } }) =>
  Option.match(url, {
    onSome: (url): Layer.Layer<DatabaseUrl, DatabaseUrlUnusable | EmbeddedPostgresError> =>
      Layer.effect(
        DatabaseUrl,
        Effect.gen(function*() {
          const target = yield* targetOf("DATABASE_URL", url)
          const direct = Option.isNone(directUrl) ? undefined : yield* targetOf("DATABASE_DIRECT_URL", directUrl.value)
          return DatabaseUrl.of({ url, target, pooler, direct, embedded: false })
        })
      ),
    onNone: () =>
      Layer.effect(
        DatabaseUrl,
        Effect.gen(function*() {
          const { url } = yield* EmbeddedPostgres
          const target = yield* Effect.orDie(targetOf("DATABASE_URL", url))
          return DatabaseUrl.of({ url, target, pooler: "none", direct: undefined, embedded: true })
        })
      ).pipe(Layer.provide(EmbeddedPostgres.layer(dataDir)))
  })))

const clients = Layer.mergeAll(appendLayer, keyLayer, directLayer).pipe(Layer.provideMerge(clientLayer))

/** Sessions that last: those of an advisory lock, which a pooler would give to others. */
const sessionUse: Use = {
  name: "cluster",
  maxConnections: 2,
  leastConnections: 2,
  silence: silence.append,
  session: { ...timeLimits, statement_timeout: "5s", ...plans, TimeZone: "UTC" }
}

/** The clients of a database. */
export const Database = {
  /**
   * The clients of the settings' database: the one at `DATABASE_URL`, or the embedded one.
   *
   * All processes with the same data folder share the embedded server. The layer fails with
   * `DatabaseUrlUnusable` if a URL cannot be used, and with `EmbeddedPostgresError` if there is no
   * embedded server. It fails with `SessionUnfit` if its sessions do not keep what the service asks
   * for, see {@link checkSession}.
   */
  layer: Layer.effectDiscard(checkSession).pipe(Layer.provideMerge(clients), Layer.provideMerge(urlLayer)),
  /**
   * The same clients without {@link checkSession}, for a command that checks the sessions itself.
   */
  layerUnchecked: clients.pipe(Layer.provideMerge(urlLayer)),
  /**
   * The clients of a database at a URL that was checked before. The caller keeps its server
   * running.
   */
  layerAt: ({ pooler, url }: { readonly url: Redacted.Redacted; readonly pooler: Pooler }) =>
    clients.pipe(
      Layer.provideMerge(
        Layer.effect(
          DatabaseUrl,
          Effect.map(
            Effect.orDie(targetOf("DATABASE_URL", url)),
            (target) => DatabaseUrl.of({ url, target, pooler, direct: undefined, embedded: false })
          )
        )
      )
    ),
  /**
   * A client whose connections are sessions of the server itself, around the pooler if there is
   * one. Undefined if nothing leads around it. Its sessions have the time zone UTC.
   */
  sessionClient: Effect.gen(function*() {
    const { direct, pooler, target } = yield* DatabaseUrl
    const own = pooler === "none" ? target : direct
    return own === undefined ? undefined : yield* makeClient({ pooler: "none", target: own, use: sessionUse })
  }).pipe(Effect.provide(Reactivity.layer)),
  /** {@link Database.layerOf} without {@link checkSession}. */
  layerOfUnchecked: (database: DatabaseUrl["Service"]) => clients.pipe(Layer.provideMerge(Layer.succeed(DatabaseUrl, database))),
  /** The clients of another database than that of the settings, with {@link checkSession}. */
  layerOf: (database: DatabaseUrl["Service"]) =>
    Layer.effectDiscard(checkSession).pipe(Layer.provideMerge(clients), Layer.provideMerge(Layer.succeed(DatabaseUrl, database)))
} as const
