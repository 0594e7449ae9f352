import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { AppendClient } from "../../src/database/AppendClient.ts"
import { giveUpConnections } from "../../src/database/pooledClient.ts"
import { ErasureStep, UserErasure } from "../../src/erasure/UserErasure.ts"
import { ErasedUsers } from "../../src/event-log/ErasedUsers.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { noHistory } from "../../src/event-log/Lineage.ts"
import { LogHistories } from "../../src/event-log/LogHistories.ts"
import { appendStatement } from "../../src/event-log/statements/appendStatement.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { Position } from "../../src/values/Position.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { testApplication } from "../support/database/TestSql.ts"
import { bet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"

const service = testService({ projections: [] }).pipe(Layer.provideMerge(TestDatabase.layerOfOne("one database loses its end")))

/** Runs something with a client that nothing in the service has a say in. */
const besides = <A, E>(run: (sql: PgClient.PgClient) => Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const { url } = yield* TestDatabase
    return yield* Effect.provide(
      Effect.flatMap(PgClient.PgClient, run),
      Layer.fresh(PgClient.layer({
        url,
        applicationName: testApplication,
        startupParameters: { default_transaction_read_only: "off" }
      }))
    )
  })

/**
 * Takes the log and the erasures back to how they were when the slice had so many events, as a
 * restored database would. A table in another file is another database to the service.
 */
const goBack = (slice: number, position: number) =>
  besides((sql) =>
    Effect.andThen(
      sql.withTransaction(Effect.gen(function*() {
        yield* sql`set local session_replication_role = replica`
        yield* sql`delete from events where slice = ${slice} and position > ${position}`
        yield* sql`delete from erased_users`
        yield* sql`update slice_heads set position = least(position, ${position}), erasure = 0 where slice = ${slice}`
      })),
      sql`vacuum full slice_heads`.unprepared
    )
  )

it.live("an append to a log that went back begins a history, and nothing is remembered of what is gone", () =>
  Effect.gen(function*() {
    const log = yield* EventLog
    const histories = yield* LogHistories
    const erasure = yield* UserErasure
    const tenant = yield* newTenant("tenant")
    const event = (userId: string, id: string) => newEvent(tenant, bet({ user_id: UserId(userId), unique_id: id }))
    const { slice } = event("player", "a")

    yield* log.append([event("player", "a"), event("player", "b")])
    yield* log.append([event("gone", "a")])
    yield* erasure.erase(tenant, UserId("gone"))
    assert.deepStrictEqual((yield* log.append([event("gone", "a")])).map(({ _tag }) => _tag), ["Duplicate"])
    const before = histories.known()?.lineage ?? noHistory
    assert.strictEqual(before.history, 1)

    yield* goBack(slice, 1)
    assert.deepStrictEqual(yield* log.append([event("player", "a"), event("player", "c")]), [
      { _tag: "Duplicate", position: Position(1) },
      { _tag: "Appended", position: Position(2) }
    ])
    const after = histories.known()?.lineage ?? noHistory
    assert.strictEqual(after.history, 2)
    assert.deepStrictEqual(after.tags.slice(1), before.tags)
    const place = Array.from({ length: 256 }, (_, at) => Position(at === slice ? 2 : 0))
    const { place: cut, wentBack } = yield* histories.continueAt(before, place)
    assert.deepStrictEqual(wentBack, [{ slice, position: Position(1) }])
    // Numbers have changed without an event, which those hear of who follow no feed.
    yield* untilEffect(
      Effect.map(besides((sql) => sql`select from generations where tenant_id is null and slice is null`), (rows) => rows.length === 1)
    )
    assert.strictEqual(cut[slice], 1)

    // The next erasure has the number of the one that was lost: the process must hear of it.
    yield* erasure.erase(tenant, UserId("player"))
    assert.deepStrictEqual((yield* log.append([event("player", "a")])).map(({ _tag }) => _tag), ["Duplicate"])
  }).pipe(Effect.provide(service)))

it.live("an append for a tenant that the database has lost is not stored", () =>
  Effect.gen(function*() {
    const log = yield* EventLog
    const { create } = yield* Tenants
    const [kept, gone] = [yield* create("kept", "UTC"), yield* create("gone", "UTC")]
    yield* log.append([newEvent(kept, bet({ user_id: UserId("player"), unique_id: "a" }))])
    yield* goBack(newEvent(kept, bet({ user_id: UserId("player"), unique_id: "a" })).slice, 1)
    yield* besides((sql) => sql`delete from tenants where name = 'gone'`)
    const appending = yield* Effect.forkChild(
      Effect.result(log.append([newEvent(gone, bet({ user_id: UserId("player"), unique_id: "a" }))]))
    )
    assert.deepStrictEqual(
      (yield* log.append([newEvent(kept, bet({ user_id: UserId("player"), unique_id: "b" }))])).map(({ _tag }) => _tag),
      [
        "Appended"
      ]
    )
    assert.strictEqual((yield* Fiber.join(appending))._tag, "Failure")
    const sql = yield* PgClient.PgClient
    assert.deepStrictEqual(yield* sql`select count(*)::int as events from events`, [{ events: 2 }])
  }).pipe(Effect.provide(service)))

it.live("an append goes on as soon as the database can be written to again, on another connection", () =>
  Effect.gen(function*() {
    const log = yield* EventLog
    const tenant = yield* newTenant("tenant")
    yield* log.append([newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "a" }))])
    const sessions = besides((sql) =>
      sql<{ pid: number }>`
        select pid from pg_stat_activity where datname = current_database() and application_name = 'playtally append' order by pid`
    )
    // The sessions of a read-only database stay so, as those of a primary that was demoted do.
    yield* besides((sql) =>
      Effect.flatMap(
        sql<{ name: string }>`select quote_ident(current_database()) as name`,
        ([database]) => sql.unsafe(`alter database ${database?.name} set default_transaction_read_only = on`)
      )
    )
    yield* besides((sql) =>
      sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name <> ${testApplication}`
    )
    const appending = yield* Effect.forkChild(log.append([newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "b" }))]))
    yield* untilEffect(Effect.map(sessions, (rows) => rows.length > 0))
    const [readOnly] = yield* sessions
    // The session is given up: another one is tried.
    yield* untilEffect(Effect.map(sessions, (rows) => rows.length > 0 && rows[0]?.pid !== readOnly?.pid))
    yield* besides((sql) =>
      Effect.flatMap(
        sql<{ name: string }>`select quote_ident(current_database()) as name`,
        ([database]) =>
          sql.withTransaction(Effect.andThen(
            sql`set transaction read write`,
            sql.unsafe(`alter database ${database?.name} reset default_transaction_read_only`)
          ))
      )
    )
    const began = performance.now()
    assert.deepStrictEqual(yield* Fiber.join(appending), [{ _tag: "Appended", position: Position(2) }])
    assert.isBelow(performance.now() - began, 5_000)
  }).pipe(Effect.provide(service)))

it.live("what is committed is on disk, whatever the server's default is", () =>
  Effect.gen(function*() {
    const tenant = yield* newTenant("tenant")
    const [sql, writer] = [yield* PgClient.PgClient, yield* AppendClient]
    const { keepUp } = yield* LogHistories
    const current = (client: PgClient.PgClient) =>
      Effect.map(client<{ now: string }>`select current_setting('synchronous_commit') as now`, ([row]) => row?.now)
    const afterAppend = writer.withTransaction(Effect.gen(function*() {
      // As behind a pooler, which hands out sessions of which nobody knows what they are set to.
      yield* writer`set local synchronous_commit = off`
      const history = yield* keepUp
      yield* appendStatement(writer, {
        events: [newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "a" }))],
        looksUp: false,
        erased: new ErasedUsers(),
        history
      })
      return yield* current(writer)
    }))
    assert.strictEqual(yield* afterAppend, "on")
    for (const chosen of ["off", "local", "remote_write", "remote_apply"]) {
      yield* besides((other) =>
        Effect.flatMap(
          other<{ name: string }>`select quote_ident(current_database()) as name`,
          ([database]) => other.unsafe(`alter database ${database?.name} set synchronous_commit = ${chosen}`)
        )
      )
      for (const client of [sql, writer]) {
        giveUpConnections(client)
        assert.strictEqual(yield* current(client), chosen === "off" ? "on" : chosen)
      }
    }
  }).pipe(Effect.provide(service)))

it.live("an erasure whose steps the database has lost is begun again", () =>
  Effect.gen(function*() {
    const log = yield* EventLog
    const erasure = yield* UserErasure
    const tenant = yield* newTenant("tenant")
    yield* log.append(Array.from({ length: 60 }, (_, id) => newEvent(tenant, bet({ user_id: UserId("player"), unique_id: String(id) }))))
    const erasing = yield* Effect.forkChild(erasure.erase(tenant, UserId("player")))
    // The note that it is under way goes between two steps, as in a failover.
    yield* besides((sql) => untilEffect(Effect.map(sql`delete from unfinished_erasures returning 1 as gone`, (rows) => rows.length > 0)))
    yield* Fiber.join(erasing)
    const sql = yield* PgClient.PgClient
    assert.deepStrictEqual(yield* sql`select count(*)::int as events from events where user_id = 'player'`, [{ events: 0 }])
  }).pipe(Effect.provide(service), Effect.provideService(ErasureStep, 1)))
