import { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inject } from "vitest"
import { untilEffect } from "../time/until.ts"
import { TestDatabase } from "./TestDatabase.ts"

let copies = 0

/**
 * A copy of a test's database made by the server itself, gone when the scope closes. All who used
 * the original must have left it or be leaving.
 */
export const copyDatabase = Effect.fnUntraced(function*(database: TestDatabase["Service"]) {
  const url = new URL(Redacted.value(database.url))
  const original = url.pathname.slice(1)
  const name = `${original}_${++copies}`
  const administer = (statement: string) =>
    Effect.scoped(
      Effect.flatMap(
        PgConnection.make({ url: Redacted.make(inject("databaseUrl")) }),
        (connection) => connection.query(statement, [], false)
      )
    )
  yield* Effect.acquireRelease(
    // Refused as long as sessions of the original are ending.
    untilEffect(Effect.isSuccess(administer(`create database ${name} template ${original}`))),
    () => Effect.orDie(administer(`drop database if exists ${name} with (force)`))
  )
  url.pathname = `/${name}`
  return TestDatabase.of({ url: Redacted.make(url.href), settings: database.settings })
})
