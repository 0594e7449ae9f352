import { PgClient, PgConnection } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { SqlError } from "effect/sql"
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { inject } from "vitest"
import { migrate } from "../../src/database/Migrations.ts"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { catalog } from "../../src/projections/catalog/catalog.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testClients, testService } from "../support/service/TestService.ts"

/** The grants that the documentation tells to make, for a role of another name. */
const grants = (service: string): ReadonlyArray<string> => {
  const [, sql = ""] =
    /```sql\n(-- as the owner[^]*?)```/.exec(readFileSync(new URL("../../docs/erasing-a-user.md", import.meta.url), "utf8")) ?? []
  return sql.replaceAll("playtally_service", service).split(";").map((statement) => statement.replaceAll(/^--.*$/gm, "").trim()).filter(
    Boolean
  )
}

const administer = (statement: string, url = inject("databaseUrl")) =>
  Effect.scoped(Effect.flatMap(PgConnection.make({ url: Redacted.make(url) }), (connection) => connection.query(statement, [], false)))

const why = "roles have their rights in one database"

layer(TestDatabase.layerOfOne(why), { excludeTestServices: true })("the log", (it) => {
  it.effect("can be erased in, and not otherwise be changed, by a service that does not own it", () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase
      const suffix = randomBytes(6).toString("hex")
      const [owner, service] = [`owner_${suffix}`, `service_${suffix}`]
      const urlOf = (role: string) => {
        const url = new URL(Redacted.value(database.url))
        url.username = role
        url.password = "secret"
        return url.href
      }
      for (const role of [owner, service]) {
        yield* Effect.acquireRelease(
          administer(`create role ${role} login password 'secret'`),
          () => Effect.orDie(administer(`drop role ${role}`))
        )
      }
      const name = new URL(Redacted.value(database.url)).pathname.slice(1)
      yield* Effect.addFinalizer(() =>
        Effect.orDie(Effect.andThen(
          administer(`alter database ${name} owner to current_user`),
          Effect.forEach([owner, service], (role) => administer(`drop owned by ${role} cascade`, Redacted.value(database.url)))
        ))
      )
      yield* administer(`alter database ${name} owner to ${owner}`)

      const as = (role: string) => Effect.provideService(TestDatabase, { settings: {}, url: Redacted.make(urlOf(role)) })
      yield* Effect.scoped(Effect.gen(function*() {
        const clients = yield* Layer.build(Layer.fresh(testClients))
        yield* Effect.provide(migrate, clients)
        const sql = Context.get(clients, PgClient.PgClient)
        for (const statement of grants(service)) yield* sql.unsafe(statement).unprepared
      })).pipe(as(owner))

      const context = yield* Layer.build(Layer.fresh(testService({ projections: catalog }))).pipe(as(service))
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const log = yield* EventLog
        const tenant = yield* newTenant("brand")
        const [a, b] = ["erased", "kept"].map((user) => newEvent(tenant, bet({ user_id: user, unique_id: "1" })))
        if (a === undefined || b === undefined) throw new Error("two users")
        yield* log.append([a, b])
        for (
          const attempt of [
            "update events set user_id = 'x'",
            "update events set payload = '{}'",
            "delete from events",
            "truncate events",
            "alter table events disable trigger all",
            "drop trigger events_are_append_only on events",
            "create or replace function refuse_change_of_events() returns trigger language plpgsql as 'begin return null; end'",
            "alter function erase_user(uuid, smallint, text, text, integer, bigint, integer) reset all",
            "delete from erased_users",
            "update slice_heads set erasure = 7",
            `set role ${owner}`
          ]
        ) {
          const statement = sql`select set_config('playtally.erasing', 'on', true)`.pipe(
            Effect.andThen(sql.unsafe(attempt).unprepared),
            sql.withTransaction
          )
          const error = yield* Effect.flip(statement)
          assert.match(String(error.reason.cause), /permission denied|must be owner/, attempt)
        }
        assert.strictEqual((yield* Effect.flatMap(UserErasure, ({ erase }) => erase(tenant, UserId("erased")))).events, 1)
        assert.deepStrictEqual((yield* log.append([a, b])).map(({ _tag }) => _tag), ["Duplicate", "Duplicate"])
        assert.strictEqual((yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId("kept"), before: 10, limit: 10 })).length, 1)
      }).pipe(Effect.provide(context))
    }), 120_000)

  it.effect("is not changed by a slip of its owner either", () =>
    Effect.gen(function*() {
      const database = yield* TestDatabase.makeOfOne(why)
      const context = yield* Layer.build(Layer.fresh(testService({ projections: [] }))).pipe(Effect.provideService(TestDatabase, database))
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const log = yield* EventLog
        const tenant = yield* newTenant("brand")
        yield* log.append([newEvent(tenant, bet({ user_id: "u", unique_id: "1" }))])
        const erasing: Effect.Effect<unknown, SqlError.SqlError> = sql`select set_config('playtally.erasing', 'on', true)`
        const long = `user_id = repeat('x', 257)`
        const rest = `event_type = 'erased', payload_version = 0, occurred_at = recorded_at`
        for (
          const [first, change] of [
            [sql`select 1`, `${long}, ${rest}, payload = '{}'`],
            [erasing, `payload = '{}'`],
            [erasing, `${rest}, payload = '{}'`],
            [erasing, `${long}, ${rest}`],
            [erasing, `${long}, ${rest}, payload = '{}', position = 2`],
            [erasing, `${long}, ${rest}, payload = '{}', idempotency_key = gen_random_uuid()`]
          ] as const
        ) {
          const error = yield* Effect.flip(sql.withTransaction(Effect.andThen(first, sql.unsafe(`update events set ${change}`))))
          assert.match(String(error.reason.cause), /append-only/, change)
        }
        const gone = yield* Effect.flip(sql.withTransaction(Effect.andThen(erasing, sql`delete from events`)))
        assert.match(String(gone.reason.cause), /append-only/)
      }).pipe(Effect.provide(context))
    }), 120_000)
})
