import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { SqlError } from "effect/sql"
import { DatabaseUrl, targetOf } from "../database/DatabaseUrl.ts"
import { DatabaseUrlUnusable } from "../database/DatabaseUrlUnusable.ts"
import { Settings } from "../platform/Settings.ts"
import { homeServer } from "./PartitionMap.ts"

/** The name of a server: letters, digits, `-` and `_`. */
const serverName = /^[A-Za-z0-9_-]{1,40}$/

/** The databases of the embedded server that stand for other servers: `p1`, `p2`, … */
const embeddedName = /^p[1-9][0-9]?$/

/** The name of the database of a server such as `p1`, in the embedded server. */
const embeddedDatabase = (server: string): string => `playtally_${server}`

/**
 * The servers that partitions may lie on, by their names.
 *
 * No password is stored: the directory has names, and the settings have their URLs.
 */
export class PartitionServers extends Context.Service<PartitionServers, {
  /**
   * The names of the servers besides `home`, in the order of the setting. Without an end for the
   * embedded server.
   */
  readonly nth: (nth: number) => string | undefined
  /**
   * Where the database of a server is. With the embedded server the database is made if it is not
   * there.
   *
   * - `DatabaseUrlUnusable`: no setting names the server.
   * - `SqlError`: the database could not be made.
   */
  readonly find: (server: string) => Effect.Effect<DatabaseUrl["Service"], DatabaseUrlUnusable | SqlError.SqlError>
}>()("playtally/partitions/PartitionServers") {
  /** Fails with `DatabaseUrlUnusable` if the setting `DATABASE_SERVERS` cannot be used. */
  static readonly layer = Layer.effect(
    PartitionServers,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const home = yield* DatabaseUrl
      const { database: { pooler, servers } } = yield* Settings
      const given = yield* readServers(Redacted.value(servers))
      const names = [...given.keys()]

      const makeEmbedded = Effect.fnUntraced(function*(server: string) {
        const database = embeddedDatabase(server)
        const [found] = yield* sql`select from pg_database where datname = ${database}`
        if (found === undefined) {
          const isMade = Effect.map(sql`select from pg_database where datname = ${database}`, (found) => found.length > 0)
          // Another process may be making it at the same moment.
          yield* Effect.catchIf(
            sql.unsafe(`create database ${database}`),
            SqlError.isSqlError,
            (error) => Effect.flatMap(isMade, (is) => is ? Effect.void : Effect.fail(error))
          )
        }
        const url = Redacted.make(embeddedUrl(Redacted.value(home.url), server))
        return DatabaseUrl.of({ ...home, url, target: { ...home.target, database } })
      })

      const find = (server: string): Effect.Effect<DatabaseUrl["Service"], DatabaseUrlUnusable | SqlError.SqlError> => {
        if (server === homeServer) return Effect.succeed(home)
        const named = given.get(server)
        if (named !== undefined) return Effect.succeed({ ...named, pooler })
        if (home.embedded && isEmbeddedServer(server)) return makeEmbedded(server)
        return Effect.fail(
          new DatabaseUrlUnusable({ message: `DATABASE_SERVERS names no server "${server}", and a partition of the log is there.` })
        )
      }
      return PartitionServers.of({ find, nth: (nth) => names.length > 0 || !home.embedded ? names[nth - 1] : `p${nth}` })
    })
  )
}

/** The URL of a server such as `p1`, beside that of the embedded server. */
export const embeddedUrl = (home: string, server: string): string => {
  const url = new URL(home)
  url.pathname = `/${embeddedDatabase(server)}`
  return url.href
}

/** Whether a name is that of a database of the embedded server that stands for another server. */
export const isEmbeddedServer = (server: string): boolean => embeddedName.test(server)

/**
 * The servers of the setting `DATABASE_SERVERS`: `NAME=URL` entries, separated by white space. It
 * fails with `DatabaseUrlUnusable`.
 */
export const readServers = Effect.fnUntraced(function*(text: string) {
  const servers = new Map<string, DatabaseUrl["Service"]>()
  for (const entry of text.split(/\s+/).filter((part) => part !== "")) {
    const [, name = "", address = ""] = /^([^=]*)=(.*)$/.exec(entry) ?? []
    if (!serverName.test(name) || name === homeServer || servers.has(name)) {
      return yield* new DatabaseUrlUnusable({
        message:
          "DATABASE_SERVERS cannot be used: it is a list of NAME=URL, separated by spaces. A name is once there, has letters, digits, - and _, and is not \"home\"."
      })
    }
    const url = Redacted.make(address)
    const target = yield* targetOf(`DATABASE_SERVERS (${name})`, url)
    servers.set(name, { url, target, pooler: "none", direct: undefined, embedded: false })
  }
  return servers
})
