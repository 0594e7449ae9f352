import { PgConnection } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { classifySqlError } from "../../src/database/classifySqlError.ts"
import { readTarget } from "../../src/database/readTarget.ts"
import { socketTimeout } from "../../src/database/socketTimeout.ts"
import { databaseProxy } from "../support/database/DatabaseProxy.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"

const connectTo = (url: string, milliseconds: number) =>
  PgConnection.make({ url: Redacted.make(url), ssl: false, stream: socketTimeout(Result.getOrThrow(readTarget(url)), milliseconds) })

const database = TestDatabase.layerOfOne("a connection leads to one database")

layer(database, { excludeTestServices: true })("a connection that nothing passes any more", (it) => {
  it.effect("ends, and what was asked on it may be asked again", () =>
    Effect.gen(function*() {
      const proxy = yield* databaseProxy
      const connection = yield* connectTo(proxy.url, 300)
      assert.deepStrictEqual(yield* connection.queryValues("select 1"), [[1]])
      yield* proxy.abandon
      const error = yield* Effect.flip(Effect.timeout(connection.queryValues("select 2"), "5 seconds"))
      assert.isTrue(error._tag === "SqlError" && classifySqlError(error)._tag === "Transient", String(error))
      assert.deepStrictEqual(yield* Effect.flatMap(connectTo(proxy.url, 300), (fresh) => fresh.queryValues("select 3")), [[3]])
    }))

  it.effect("is not one on which an answer takes its time", () =>
    Effect.gen(function*() {
      const { url } = yield* TestDatabase
      const connection = yield* connectTo(Redacted.value(url), 1000)
      assert.deepStrictEqual(yield* connection.queryValues("select 4 from pg_sleep(0.5)"), [[4]])
    }))

  it.effect("reaches the server wherever the URL says it is", () =>
    Effect.gen(function*() {
      const { hostname, password, pathname, port, username } = new URL(Redacted.value((yield* TestDatabase).url))
      for (
        const url of [
          `postgres://${username}:${password}@localhost:${port}${pathname}`,
          `postgres://${username}:${password}@elsewhere.invalid:1${pathname}?host=${hostname}&port=${port}`
        ]
      ) {
        assert.deepStrictEqual(yield* Effect.flatMap(connectTo(url, 1000), (connection) => connection.queryValues("select 5")), [[5]])
      }
    }))
})
