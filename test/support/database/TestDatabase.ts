import { PgConnection } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { randomBytes } from "node:crypto"
import { inject } from "vitest"
import { noteChosen, noteLog, noteOfOne } from "../partitions/partitionNotes.ts"

const administer = (statement: string) =>
  Effect.scoped(
    Effect.flatMap(PgConnection.make({ url: Redacted.make(inject("databaseUrl")) }), (connection) => connection.query(statement, [], false))
  )

/** A fresh, empty database, dropped with everything in it when the scope closes; its URL. */
const makeDatabase = Effect.gen(function*() {
  const name = `test_${randomBytes(8).toString("hex")}`
  yield* Effect.acquireRelease(
    administer(`create database ${name}`),
    () => Effect.orDie(administer(`drop database if exists ${name} with (force)`))
  )
  const url = new URL(inject("databaseUrl"))
  url.pathname = `/${name}`
  return url.href
}).pipe(Effect.orDie)

/** {@link partitionSettings}, for what notes itself. */
const settingsOf = Effect.fnUntraced(function*(count: number) {
  const servers = yield* Effect.forEach(
    Array.from({ length: count - 1 }, (_, nth) => `s${nth + 1}`),
    (name) => Effect.map(makeDatabase, (url) => `${name}=${url}`)
  )
  const settings: Readonly<Record<string, string>> = count === 1 ? {} : { PARTITIONS: String(count), DATABASE_SERVERS: servers.join(" ") }
  return settings
})

/**
 * The settings of a new log with `count` partitions, which the test chooses: the first at home,
 * each other in a fresh database.
 */
export const partitionSettings = (count: number) => Effect.andThen(Effect.sync(() => noteChosen(count)), settingsOf(count))

/** How many partitions the logs of the tests have: TEST_PARTITIONS, or 1. */
export const testPartitions = Number(process.env["TEST_PARTITIONS"] ?? 1)

/**
 * A fresh, empty database (nothing migrated) on the server of the test run, dropped with everything
 * in it when the scope closes.
 */
export class TestDatabase extends Context.Service<TestDatabase, {
  readonly url: Redacted.Redacted
  /** What a service of this database is started with besides, see {@link testPartitions}. */
  readonly settings: Readonly<Record<string, string>>
}>()("playtally/test/support/TestDatabase") {
  static readonly make = Effect.gen(function*() {
    const settings = yield* settingsOf(testPartitions)
    const tell = noteLog()
    return TestDatabase.of({
      url: Redacted.make(yield* makeDatabase),
      get settings() {
        tell()
        return settings
      }
    })
  })

  static readonly layer: Layer.Layer<TestDatabase> = Layer.effect(TestDatabase, TestDatabase.make)

  /**
   * The database of a log that is of one partition whatever {@link testPartitions} says, for the
   * reason that `npm run test:partitions` prints.
   */
  static readonly makeOfOne = Effect.fnUntraced(function*(why: string) {
    noteOfOne(why)
    return TestDatabase.of({ url: Redacted.make(yield* makeDatabase), settings: {} })
  })

  static readonly layerOfOne = (why: string): Layer.Layer<TestDatabase> => Layer.effect(TestDatabase, TestDatabase.makeOfOne(why))
}

/** The same with a log of so many partitions, whatever {@link testPartitions} says. */
export const partitionedDatabase = (count: number): Layer.Layer<TestDatabase> =>
  Layer.effect(
    TestDatabase,
    Effect.gen(function*() {
      return TestDatabase.of({ url: Redacted.make(yield* makeDatabase), settings: yield* partitionSettings(count) })
    })
  )
