import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Reactivity } from "effect/reactivity"
import type * as Redacted from "effect/Redacted"
import { Settings } from "../Settings.ts"
import { AppendClient } from "./AppendClient.ts"
import { clientConnections } from "./connections.ts"
import { DatabaseUrl } from "./DatabaseUrl.ts"
import { EmbeddedPostgres } from "./EmbeddedPostgres.ts"
import { impatientSocket } from "./impatientSocket.ts"
import { KeyClient } from "./KeyClient.ts"
import { largestMessage } from "./largestMessage.ts"
import { postgresTypes } from "./numericCodec.ts"
import { pooledClient } from "./pooledClient.ts"

/** A frozen process must not hold its locks for ever, nor a statement that will never end its connection. */
const timeouts = {
  lock_timeout: "5s",
  statement_timeout: "30s",
  idle_in_transaction_session_timeout: "10s"
}

/** The milliseconds after which a connection on which nothing is said is given up: more than a statement may take. */
const silence = { usual: 35_000, append: 12_000, keys: 6_000 }

/** Whether statements may take as long as they like, silently: for commands that look at everything there is, and that somebody watches. */
export const IsPatient = Context.Reference<boolean>("playtally/database/IsPatient", { defaultValue: () => false })

/**
 * Whatever is looked up here has an index. A plan made while a table was young, and kept by a prepared statement, would read all of it for each
 * look-up long after it has grown: payments were folded at a tenth of their speed.
 */
const plans = { enable_seqscan: "off", jit: "off" }

/** For reading, the projections and everything else. */
const clientLayer = Layer.unwrap(Effect.gen(function*() {
  const { url } = yield* DatabaseUrl
  const client = pooledClient({
    url,
    applicationName: "playtally",
    types: postgresTypes,
    maxConnections: clientConnections,
    maxMessageSize: largestMessage,
    startupParameters: { ...timeouts, ...plans },
    ...(yield* IsPatient) ? {} : { stream: impatientSocket(url, silence.usual) }
  })
  return PgClient.layerFrom(client)
}))

const appendLayer = Layer.effect(
  AppendClient,
  Effect.flatMap(DatabaseUrl, ({ url }) =>
    pooledClient({
      url,
      applicationName: "playtally append",
      maxConnections: 8,
      maxMessageSize: largestMessage,
      startupParameters: {
        ...timeouts,
        lock_timeout: "2s",
        statement_timeout: "10s",
        ...plans,
        plan_cache_mode: "force_generic_plan"
      },
      stream: impatientSocket(url, silence.append)
    }))
).pipe(Layer.provide(Reactivity.layer))

const keyLayer = Layer.effect(
  KeyClient,
  Effect.flatMap(DatabaseUrl, ({ url }) =>
    pooledClient({
      url,
      applicationName: "playtally keys",
      maxConnections: 2,
      startupParameters: { ...timeouts, lock_timeout: "2s", statement_timeout: "4s", ...plans },
      stream: impatientSocket(url, silence.keys)
    }))
).pipe(Layer.provide(Reactivity.layer))

const urlLayer = Layer.unwrap(Effect.map(Settings, ({ dataDir, databaseUrl }) =>
  Option.match(databaseUrl, {
    onSome: (url) => Layer.succeed(DatabaseUrl, DatabaseUrl.of({ url, embedded: false })),
    onNone: () =>
      Layer.effect(DatabaseUrl, Effect.map(EmbeddedPostgres, ({ url }) => DatabaseUrl.of({ url, embedded: true }))).pipe(
        Layer.provide(EmbeddedPostgres.layer(dataDir))
      )
  })))

const clients = Layer.mergeAll(clientLayer, appendLayer, keyLayer)

/** The clients of a database. */
export const Database = {
  /** Of the settings: the one at DATABASE_URL, or the embedded one, shared with whoever else uses it. */
  layer: clients.pipe(Layer.provideMerge(urlLayer)),
  /** At that URL, which somebody else keeps running. */
  layerAt: (url: Redacted.Redacted) =>
    clients.pipe(Layer.provideMerge(Layer.succeed(DatabaseUrl, DatabaseUrl.of({ url, embedded: false }))))
} as const
