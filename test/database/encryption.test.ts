import { PgConnection } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { chmod, copyFile } from "node:fs/promises"
import { join } from "node:path"
import type { SslMode } from "../../src/database/ConnectionTarget.ts"
import { readTarget } from "../../src/database/readTarget.ts"
import { socketTimeout } from "../../src/database/socketTimeout.ts"
import type { OwnPostgres } from "../proof/faults/OwnPostgres.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { certificate, tlsPostgres } from "../support/database/TlsPostgres.ts"
import { watchedFolder } from "../support/watchedFolder.ts"

class TlsServer extends Context.Service<TlsServer, OwnPostgres>()("playtally/test/database/TlsServer") {
  static readonly layer = Layer.effect(
    TlsServer,
    Effect.tap(tlsPostgres, ({ url }) =>
      Effect.scoped(
        Effect.flatMap(
          connect(url),
          (connection) => Effect.forEach(["encrypted", "plain", "known"], (name) => connection.query(`create database ${name}`, [], false))
        )
      ))
  )
}

const connect = (url: string) =>
  Effect.suspend(() => {
    const target = Result.getOrThrow(readTarget(url))
    return PgConnection.make({
      host: target.host,
      port: target.port,
      username: target.user,
      database: target.database,
      password: target.password ?? Redacted.make(""),
      ssl: false,
      stream: socketTimeout(target, 5000)
    })
  })

/** Whether a session came about, and whether the server says that it is encrypted; else why not. */
const kindOf = (url: string) =>
  Effect.scoped(
    Effect.flatMap(
      connect(url),
      (connection) => connection.queryValues("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    )
  ).pipe(
    Effect.map((rows) => rows[0]?.[0] === true ? "encrypted" : "plain"),
    Effect.catch((error) => Effect.succeed(error.reason.cause instanceof Error ? error.reason.cause.message : String(error)))
  )

const at = (url: string, database: string, query: string) => {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return `${changed.href}?${query}`
}

type Taken = "both" | "encrypted" | "plain"

/**
 * libpq's table: what comes of a mode at a server that takes such connections; undefined for none.
 */
const expected = (mode: SslMode, taken: Taken): Taken | undefined => {
  const order = {
    disable: ["plain"],
    allow: ["plain", "encrypted"],
    prefer: ["encrypted", "plain"],
    require: ["encrypted"],
    "verify-ca": ["encrypted"],
    "verify-full": ["encrypted"]
  } as const
  return order[mode].find((kind) => taken === "both" || taken === kind)
}

const modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const
const named = `hostaddr=127.0.0.1&host=localhost&sslrootcert=${encodeURIComponent(certificate("authority.crt"))}`

const database = TestDatabase.layerOfOne("a connection leads to one database")

layer(Layer.mergeAll(TlsServer.layer, database), { excludeTestServices: true })("sslmode", (it) => {
  it.effect("does what libpq's does, with servers that take TLS, plain text or both", () =>
    Effect.gen(function*() {
      const { url } = yield* TlsServer
      const without = Redacted.value((yield* TestDatabase).url)
      for (const mode of modes) {
        for (const [taken, database] of [["both", "postgres"], ["encrypted", "encrypted"], ["plain", "plain"]] as const) {
          const kind = yield* kindOf(at(url, database, `${named}&sslmode=${mode}`))
          const wanted = expected(mode, taken)
          const where = `${mode} at a server that takes ${taken}`
          if (wanted === undefined) assert.match(kind, /no pg_hba\.conf entry/, where)
          else assert.strictEqual(kind, wanted, where)
        }
        const kind = yield* kindOf(`${without}?${named}&sslmode=${mode}`)
        if (expected(mode, "plain") === undefined) assert.match(kind, /does not support TLS/, mode)
        else assert.strictEqual(kind, "plain", mode)
      }
      assert.strictEqual(yield* kindOf(url), "encrypted", "prefer is what holds without a mode")
      assert.strictEqual(yield* kindOf(`${url}?ssl=true`), "encrypted")
      assert.match(yield* kindOf(`${without}?ssl=true`), /does not support TLS/)
    }))

  it.effect("verifies the chain where it has authorities, and the name with verify-full", () =>
    Effect.gen(function*() {
      const { url } = yield* TlsServer
      const authority = `sslrootcert=${encodeURIComponent(certificate("authority.crt"))}`
      const other = `sslrootcert=${encodeURIComponent(certificate("other-authority.crt"))}`
      const kinds = (query: string) => kindOf(`${url}?${query}`)
      // The certificate is of "localhost", and the URL says 127.0.0.1.
      assert.strictEqual(yield* kinds(`${authority}&sslmode=require`), "encrypted")
      assert.strictEqual(yield* kinds(`${authority}&sslmode=verify-ca`), "encrypted")
      assert.match(yield* kinds(`${authority}&sslmode=verify-full`), /127\.0\.0\.1/)
      for (const mode of ["require", "verify-ca", "verify-full"]) {
        assert.match(yield* kinds(`${other}&sslmode=${mode}&host=localhost`), /certificate/, mode)
      }
      assert.strictEqual(yield* kinds(`${other}&sslmode=prefer`), "plain")
      assert.strictEqual(yield* kinds("sslmode=require"), "encrypted")
      assert.match(yield* kinds("sslmode=verify-ca"), /needs authorities to trust/)
      assert.match(yield* kinds("sslmode=require&sslrootcert=%2Fnowhere%2Froot.crt"), /sslrootcert, \/nowhere\/root\.crt, cannot be used/)
      // A key is no authority.
      assert.match(
        yield* kinds(`sslmode=require&sslrootcert=${encodeURIComponent(certificate("client.key"))}`),
        /sslrootcert, .*, cannot be used/
      )
      assert.match(yield* kinds("sslrootcert=system&host=localhost&hostaddr=127.0.0.1"), /certificate/)
    }))

  it.effect("speaks TLS from the first byte on, in the versions asked for, and shows a certificate", () =>
    Effect.gen(function*() {
      const { url } = yield* TlsServer
      const folder = yield* watchedFolder("certificates", "read _; rm -rf \"$0\"")
      const keyAt = (name: string) =>
        Effect.promise(async () => {
          const file = join(folder, name)
          await copyFile(certificate(name), file)
          await chmod(file, 0o600)
          return encodeURIComponent(file)
        })
      assert.strictEqual(yield* kindOf(`${url}?sslmode=require&sslnegotiation=direct`), "encrypted")
      for (const version of ["TLSv1.2", "TLSv1.3"]) {
        const query = `sslmode=require&ssl_min_protocol_version=${version}&ssl_max_protocol_version=${version}`
        const [[spoken] = []] = yield* Effect.scoped(
          Effect.flatMap(connect(`${url}?${query}`), (connection) =>
            connection.queryValues("select version from pg_stat_ssl where pid = pg_backend_pid()"))
        )
        assert.strictEqual(spoken, version)
      }
      const shown = `sslmode=require&sslcert=${encodeURIComponent(certificate("client.crt"))}`
      const known = (query: string) =>
        kindOf(at(url, "known", query))
      const key = yield* keyAt("client.key")
      const locked = yield* keyAt("client-locked.key")
      assert.match(yield* known("sslmode=require"), /valid client certificate/)
      assert.strictEqual(yield* known(`${shown}&sslkey=${key}`), "encrypted")
      assert.match(yield* known(`${shown}&sslkey=${key}&sslcertmode=disable`), /valid client certificate/)
      assert.strictEqual(yield* known(`${shown}&sslkey=${locked}&sslpassword=hush`), "encrypted")
      assert.match(yield* known(`${shown}&sslkey=${locked}&sslpassword=other`), /The file of sslkey, .* cannot be used/)
      assert.match(yield* known(`${shown}&sslkey=${locked}`), /The file of sslkey, .* cannot be used/)
      yield* Effect.promise(() => chmod(decodeURIComponent(key), 0o644))
      assert.match(yield* known(`${shown}&sslkey=${key}`), /others may read it/)
    }))

  it.effect("keeps a session usable: a statement is cancelled, a silent server given up, large answers come whole", () =>
    Effect.gen(function*() {
      const { freeze, thaw, url } = yield* TlsServer
      const connection = yield* connect(`${url}?sslmode=require`)
      const interrupted = yield* Effect.timeoutOption(connection.queryValues("select pg_sleep(30)"), "200 millis")
      assert.strictEqual(interrupted._tag, "None")
      assert.deepStrictEqual(yield* connection.queryValues("select length(repeat('x', 3000000)), repeat('y', 3)"), [[3_000_000, "yyy"]])
      const [[text] = []] = yield* connection.queryValues("select repeat('x', 3000000)")
      assert.strictEqual(String(text).length, 3_000_000)
      const target = Result.getOrThrow(readTarget(`${url}?sslmode=require`))
      const impatient = yield* PgConnection.make({ url: Redacted.make(url), ssl: false, stream: socketTimeout(target, 300) })
      assert.deepStrictEqual(yield* impatient.queryValues("select 1"), [[1]])
      yield* freeze
      const error = yield* Effect.ensuring(Effect.flip(Effect.timeout(impatient.queryValues("select 2"), "5 seconds")), thaw)
      assert.match(String(error), /Connection|said nothing/)
    }))
})
