import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { migrate } from "../../src/database/Migrations.ts"
import { mark, unmark } from "../../src/event-log/unfinishedImport.ts"
import { ProjectionRunner } from "../../src/projections/runner/ProjectionRunner.ts"
import { Readiness } from "../../src/readiness/Readiness.ts"
import { Position } from "../../src/values/Position.ts"
import { Slice } from "../../src/values/Slice.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"

const runner = Layer.mock(ProjectionRunner, {
  feedNow: () => {},
  status: () => ({
    versions: [],
    running: true,
    gaps: [{ slice: Slice(7), position: Position(12) }],
    lagEvents: 4,
    lagSeconds: 0.5,
    rankingLagEvents: 70,
    rankingLagSeconds: 3,
    parkedUsers: 2,
    unfedVersions: 0
  })
})

const projections = {
  running: true,
  gaps: [{ slice: 7, position: 12 }],
  lag_events: 4,
  lag_seconds: 0.5,
  ranking_lag_events: 70,
  ranking_lag_seconds: 3,
  parked_users: 2
}

const check = Effect.gen(function*() {
  const { check } = yield* Readiness
  return yield* check
}).pipe(Effect.provide(Readiness.layer.pipe(Layer.provide(runner)), { local: true }))

const database = TestDatabase.layerOfOne("each partition has a readiness of its own")

describe("Readiness", () => {
  it.live("tells a database with this version's schema, and with the whole log, from one without", () =>
    Effect.gen(function*() {
      const { url } = yield* TestDatabase
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* check, { database: true, writable: true, migrations: false, log_whole: false, projections })
        yield* migrate
        assert.deepStrictEqual(yield* check, { database: true, writable: true, migrations: true, log_whole: true, projections })
        const sql = yield* PgClient.PgClient
        yield* sql.withTransaction(mark(sql, { line: 1, events: 0, sha256: "" }))
        assert.deepStrictEqual(yield* check, { database: true, writable: true, migrations: true, log_whole: false, projections })
        yield* sql.withTransaction(unmark(sql))
        assert.deepStrictEqual(yield* check, { database: true, writable: true, migrations: true, log_whole: true, projections })
      }).pipe(Effect.provide(PgClient.layer({ url })))
    }).pipe(Effect.provide(database)))

  it.live("tells a database that cannot store, as long as it cannot", () =>
    Effect.gen(function*() {
      const { url } = yield* TestDatabase
      yield* Effect.provide(migrate, PgClient.layer({ url }))
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const whole = { database: true, migrations: true, log_whole: true, projections }
        yield* sql.unsafe("set default_transaction_read_only = on")
        assert.deepStrictEqual(yield* check, { ...whole, writable: false })
        yield* sql.unsafe("set default_transaction_read_only = off")
        assert.deepStrictEqual(yield* check, { ...whole, writable: true })
      }).pipe(Effect.provide(PgClient.layer({ url, maxConnections: 1 })))
    }).pipe(Effect.provide(database)))

  it.live("tells when the database does not answer", () =>
    Effect.gen(function*() {
      // Nobody listens on the discard port.
      const client = PgClient.layer({ url: Redacted.make("postgres://nobody@127.0.0.1:9/nothing"), connectTimeout: "1 second" })
      assert.deepStrictEqual(yield* Effect.provide(check, client), {
        database: false,
        writable: false,
        migrations: false,
        log_whole: false,
        projections
      })
    }))
})
