import { PgConnection } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { randomBytes } from "node:crypto"
import { inject } from "vitest"

const administer = (statement: string) =>
  Effect.scoped(
    Effect.flatMap(PgConnection.make({ url: Redacted.make(inject("databaseUrl")) }), (connection) => connection.query(statement, [], false))
  )

/**
 * A fresh, empty database (nothing migrated) on the server of the test run, dropped with everything
 * in it when the scope closes.
 */
export class TestDatabase extends Context.Service<TestDatabase, {
  readonly url: Redacted.Redacted
}>()("playtally/test/support/TestDatabase") {
  static readonly make = Effect.gen(function*() {
    const name = `test_${randomBytes(8).toString("hex")}`
    yield* Effect.acquireRelease(
      administer(`create database ${name}`),
      () => Effect.orDie(administer(`drop database if exists ${name} with (force)`))
    )
    const url = new URL(inject("databaseUrl"))
    url.pathname = `/${name}`
    return TestDatabase.of({ url: Redacted.make(url.href) })
  }).pipe(Effect.orDie)

  static readonly layer: Layer.Layer<TestDatabase> = Layer.effect(TestDatabase, TestDatabase.make)
}
