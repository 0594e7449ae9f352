import { PgConnection } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql"
import { chmod, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { EmbeddedPostgres } from "../src/database/embedded/EmbeddedPostgres.ts"
import type { EmbeddedPostgresError } from "../src/database/embedded/EmbeddedPostgresError.ts"
import { watchedFolder } from "../test/support/watchedFolder.ts"

/**
 * Stops the server and removes the folder when this process dies by whatever means (its standard
 * input ends).
 */
const cleaner = `
read _
pid=$(head -n 1 "$0/data/postgres/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
rm -rf "$0"
`

/**
 * The PostgreSQL that everything is measured on: the embedded one, as crash-safe as it is for
 * `npm start`, in a temporary folder and on TCP, as all clients know it.
 */
export class BenchServer extends Context.Service<BenchServer, {
  /** A fresh database, dropped with the scope; its superuser's URL. */
  readonly database: Effect.Effect<string, SqlError.SqlError, Scope.Scope>
  /** A session of the superuser. */
  readonly connect: (url: string) => Effect.Effect<PgConnection.PgConnection, SqlError.SqlError, Scope.Scope>
  /** A folder that the server's account reads and writes too. */
  readonly exchange: string
  /** How the server names itself. */
  readonly version: string
  /** The number of its first process. */
  readonly pid: number
}>()("playtally/bench/BenchServer") {
  static readonly layer: Layer.Layer<BenchServer, EmbeddedPostgresError | SqlError.SqlError> = Layer.effect(
    BenchServer,
    Effect.gen(function*() {
      const folder = yield* watchedFolder("bench", cleaner)
      const exchange = join(folder, "exchange")
      yield* Effect.promise(async () => {
        await mkdir(exchange)
        await chmod(exchange, 0o777)
      })
      const { url } = yield* EmbeddedPostgres.acquire(join(folder, "data"), { tcp: true })
      const connect = (url: string) => PgConnection.make({ url: Redacted.make(url), applicationName: "playtally bench" })
      const administrator = yield* connect(Redacted.value(url))
      const run = (statement: string) => administrator.query(statement, [], false)
      const [version] = (yield* run("select 'PostgreSQL ' || current_setting('server_version') as version")).rows
      const [first] = (yield* run("select split_part(pg_read_file('postmaster.pid'), chr(10), 1) as pid")).rows
      let databases = 0
      const database = Effect.acquireRelease(
        Effect.suspend(() => {
          const name = `bench_${++databases}`
          return Effect.as(run(`create database ${name}`), name)
        }),
        (name) => Effect.orDie(run(`drop database if exists ${name} with (force)`))
      ).pipe(Effect.map((name) => {
        const its = new URL(Redacted.value(url))
        its.pathname = `/${name}`
        return its.href
      }))
      return BenchServer.of({ database, connect, exchange, version: String(version?.["version"]), pid: Number(first?.["pid"]) })
    })
  )
}
