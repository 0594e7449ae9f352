import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Activity } from "../../src/counters/Activity.ts"
import { Changes } from "../../src/counters/changes/Changes.ts"
import { Counters } from "../../src/counters/Counters.ts"
import { Games } from "../../src/counters/Games.ts"
import { Explanation } from "../../src/counters/history/Explanation.ts"
import { TimeTravel } from "../../src/counters/history/TimeTravel.ts"
import { migrate } from "../../src/database/Migrations.ts"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { isPseudonym, pseudonymOf } from "../../src/event-log/pseudonym.ts"
import { allSlices, sliceOf } from "../../src/event-log/sliceOf.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { catalog } from "../../src/projections/catalog/catalog.ts"
import { payments } from "../../src/projections/catalog/payments.ts"
import { profile } from "../../src/projections/catalog/profile.ts"
import { feedChunk } from "../../src/projections/feed/feedChunk.ts"
import { count } from "../../src/projections/projection/Column.ts"
import * as Projection from "../../src/projections/projection/Projection.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../src/projections/versions/rebuild.ts"
import { slicesWithEvents } from "../../src/projections/versions/slicesWithEvents.ts"
import { rowsWithoutEvents, verifySlice } from "../../src/projections/versions/verifyProjection.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { exportLog } from "../../src/transfer/exportLog.ts"
import { importLog } from "../../src/transfer/importLog.ts"
import { verifyLog } from "../../src/transfer/verifyLog.ts"
import { Slice } from "../../src/values/Slice.ts"
import { UserId } from "../../src/values/UserId.ts"
import type { FastTrackItem } from "../oracle/FastTrackItem.ts"
import { generateItems } from "../oracle/generateItems.ts"
import { identityOf, referenceCounters } from "../oracle/referenceCounters.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { beginning } from "../support/events/beginning.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { bet } from "../support/events/events.ts"
import { newEvent, userInSlice } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testClients, testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"

/** Cannot fold a login of anybody real: who logs in is parked. */
const squeamish = Projection.make({
  name: "squeamish",
  version: 1,
  events: ["realtime-login"],
  totals: { key: [], columns: { logins: count } },
  contribute: ({ userId }) => {
    if (userId !== "sample") throw new Error(`cannot fold a login of ${userId}`)
    return []
  },
  section: { schema: Schema.Unknown, present: () => null }
})
/** The casino's counters under a name that the next release does not know. */
const forgotten: Projection.AnyProjection = { ...casino, name: "forgotten" }
const again = (projection: Projection.AnyProjection): Projection.AnyProjection => ({ ...projection, version: projection.version + 1 })

const process = (projections: ReadonlyArray<Projection.AnyProjection> = catalog) => Layer.build(Layer.fresh(testService({ projections })))

const send = (tenant: Tenant, items: ReadonlyArray<FastTrackItem>) =>
  Effect.flatMap(Ingest, ({ batch }) => batch(tenant, bulkItems(items), { strict: false }))
const sendRaw = (tenant: Tenant, items: ReadonlyArray<unknown>) =>
  Effect.flatMap(Ingest, ({ batch }) => batch(tenant, bulkItems(items), { strict: false }))
const erase = (tenant: Tenant, userId: string) => Effect.flatMap(UserErasure, (erasure) => erasure.erase(tenant, UserId(userId)))
const countersOf = (tenant: Tenant, userIds: ReadonlyArray<string>) =>
  Effect.flatMap(Counters, ({ read, sections }) => read(tenant, userIds.map((each) => UserId(each)), { sections, consistency: strong }))

const assertSound = Effect.gen(function*() {
  const verdicts = yield* Stream.runCollect(verifyLog())
  assert.deepStrictEqual(verdicts.flatMap(({ findings }) => findings), [])
})

/** Every row of every version is what the log says, and nobody has rows without events. */
const assertRowsAreOfTheLog = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  const { stores } = yield* ProjectionCatalog
  const slices = yield* slicesWithEvents(sql)
  for (const store of stores) {
    const differences = yield* Effect.forEach(slices, (slice) => verifySlice({ sql, log }, store, slice))
    assert.deepStrictEqual(differences.flatMap(({ differences }) => differences), [])
    assert.deepStrictEqual(yield* rowsWithoutEvents(sql, store), [])
  }
})

/** The tables in which a text stands, in whatever column. */
const tablesWith = Effect.fnUntraced(function*(text: string) {
  const sql = yield* PgClient.PgClient
  const tables = yield* sql<{ name: string }>`
    select quote_ident(relname) as name from pg_class
    where relkind in ('r', 'p', 'm') and relnamespace = (select oid from pg_namespace where nspname = current_schema()) order by 1`
  assert.isAbove(tables.length, 20)
  const found: Array<string> = []
  for (const { name } of tables) {
    // Rows of json are text as they stand; what is escaped in a row is doubled, so the texts looked
    // for have nothing to escape.
    const rows = yield* sql.unsafe(`select from ${name} as t where strpos(t::text, $1) > 0 limit 1`, [text])
    if (rows.length > 0) found.push(name)
  }
  return found
})

const victim = "player-of-note-4711"
const secrets = {
  username: "Secret-Username-0815",
  game: "secret-game-0816",
  currency: "SECRETCOIN",
  payment: "secret-payment-0817",
  vendor: "secret-vendor-0818",
  rejected: "secret-refused-0819",
  cut: "secret-cut-0820",
  conflict: "secret-conflict-0821"
}

const itemOf = (event: string, data: object) => ({ event, data: { user_id: victim, timestamp: "2026-06-15T12:00:00Z", ...data } })
const casinoBet = (id: string, more: object = {}) =>
  itemOf("realtime-casino", {
    unique_id: id,
    game_id: secrets.game,
    round_id: "r",
    type: "bet",
    amount: 10,
    currency: secrets.currency,
    bonus_wager_amount: 0,
    ...more
  })
const victimItems: ReadonlyArray<unknown> = [
  casinoBet("c-1"),
  casinoBet("c-2"),
  itemOf("realtime-login", { unique_id: "l-1" }),
  itemOf("realtime-registration", {
    unique_id: "r-1",
    username: secrets.username,
    registration_date: "2026-01-01T00:00:00Z",
    country: "MT",
    currency: "EUR",
    gender: null,
    consent_email: null
  }),
  itemOf("realtime-payment", {
    payment_id: secrets.payment,
    type: "deposit",
    status: "approved",
    amount: 5,
    currency: "EUR",
    vendor_name: secrets.vendor
  })
]
/**
 * Invalid, of other content under a used key, and too long to be kept whole, so that the user is
 * named in what was cut off.
 */
const refusedItems: ReadonlyArray<unknown> = [
  itemOf("realtime-casino", { unique_id: secrets.rejected }),
  casinoBet("c-1", { round_id: secrets.conflict }),
  { event: "realtime-login", data: { unique_id: secrets.cut, filler: "x".repeat(20_000), user_id: victim } }
]

/** `test/service/erasure.test.ts` erases where there are several partitions. */
const why = "all tables are searched in the partition of the user"

layer(TestDatabase.layerOfOne(why), { excludeTestServices: true })("an erased user", (it) => {
  it.effect("is nowhere any more, and everybody else is where they were", () =>
    Effect.gen(function*() {
      // A release with versions that the next one does not know.
      const before = yield* process([...catalog, forgotten, squeamish])
      const tenant = yield* Effect.provide(newTenant("brand", "Europe/Malta"), before)
      const other = yield* Effect.provide(newTenant("other brand", "Europe/Malta"), before)
      const { items, userIds } = generateItems({ seed: 3, users: 10, itemsPerUser: 30, timeZone: "Europe/Malta" })
      yield* Effect.gen(function*() {
        yield* send(tenant, items)
        assert.strictEqual((yield* sendRaw(tenant, victimItems)).accepted, victimItems.length)
        // Somebody of the same id with another brand.
        yield* sendRaw(other, [casinoBet("c-1", { game_id: "harmless", currency: "EUR" })])
        const refused = yield* sendRaw(tenant, [...refusedItems, {
          event: "realtime-login",
          data: { user_id: victim.slice(0, -1), unique_id: 1 }
        }])
        assert.deepStrictEqual([refused.accepted, refused.rejected.length], [0, 4])
      }).pipe(Effect.provide(before))

      const after = yield* process()
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const others = yield* countersOf(tenant, userIds)
        const namesake = yield* countersOf(other, [victim])
        yield* untilEffect(Effect.map(
          sql<{ left: boolean }>`select exists (
            select from checkpoints c join slice_heads h using (slice) where c.position < h.position
          ) as left`,
          ([row]) => row?.left === false
        ))
        for (const secret of [victim, ...Object.values(secrets)]) assert.isNotEmpty(yield* tablesWith(secret), secret)
        assert.include(yield* tablesWith(victim), "forgotten_v1_totals")
        assert.include(yield* tablesWith(victim), "parked_users")
        const [{ dense = 0 } = {}] = yield* sql<{ dense: number }>`select count(*)::int as dense from events`
        const epochs = sql<{ epoch: bigint }>`
          select epoch from checkpoints where slice = ${sliceOf(tenant.tenantId, UserId(victim))} order by projection, version`
        const epochsBefore = yield* epochs

        const report = yield* erase(tenant, victim)
        assert.deepStrictEqual([report.events, report.parked, report.rejected, report.again], [victimItems.length, 1, 3, false])
        assert.isAbove(report.rows, 10)

        for (const secret of Object.values(secrets)) assert.deepStrictEqual(yield* tablesWith(secret), [], secret)
        const kept = yield* sql<{ item: string }>`select item from rejected_events`
        assert.deepStrictEqual(kept.map(({ item }) => item), [
          JSON.stringify({ event: "realtime-login", data: { user_id: victim.slice(0, -1), unique_id: 1 } })
        ])
        assert.deepStrictEqual((yield* epochs).map(({ epoch }) => epoch), epochsBefore.map(({ epoch }) => epoch + 1n))

        // Its places are left, under one pseudonym that is nobody's id.
        const left = yield* sql<Record<string, unknown>>`
          select user_id, event_type, payload_version, payload::text, occurred_at = recorded_at as same from events where event_type = 'erased'`
        const pseudonym = pseudonymOf(tenant.keyNamespace, UserId(victim))
        assert.isTrue(isPseudonym(pseudonym))
        assert.deepStrictEqual(
          left,
          victimItems.map(() => ({ user_id: pseudonym, event_type: "erased", payload_version: 0, payload: "{}", same: true }))
        )
        yield* assertSound
        const [all] = yield* sql<{ dense: number }>`select count(*)::int as dense from events`
        assert.strictEqual(all?.dense, dense)

        assert.deepStrictEqual(yield* countersOf(tenant, userIds), others)
        assert.deepStrictEqual(yield* countersOf(other, [victim]), namesake)

        // Nobody is answered.
        const explanation = yield* Explanation
        const log = yield* EventLog
        assert.deepStrictEqual(yield* countersOf(tenant, [victim]), [])
        assert.deepStrictEqual(
          yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId(victim), before: Number.MAX_SAFE_INTEGER, limit: 10 }),
          []
        )
        assert.deepStrictEqual(
          yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId(pseudonym), before: Number.MAX_SAFE_INTEGER, limit: 10 }),
          []
        )
        assert.isUndefined(yield* explanation.explain(tenant, UserId(victim), { path: "casino.EUR.bet_count", after: 0, limit: 10 }))
        const instant = Date.now() - 1
        assert.isUndefined(yield* Effect.flatMap(TimeTravel, ({ read }) => read(tenant, UserId(victim), { instant, sections: ["casino"] })))
        assert.isUndefined(
          yield* Effect.flatMap(Activity, ({ read }) =>
            read(tenant, UserId(victim), { from: 0, to: 30_000, granularity: "day", consistency: strong }))
        )
        assert.isUndefined(
          yield* Effect.flatMap(Games, ({ read, sections }) =>
            read(tenant, UserId(victim), { sections, games: { _tag: "Page", from: "", limit: 10 }, consistency: strong }))
        )
        const { changes } = yield* Effect.flatMap(Changes, ({ after }) =>
          after(tenant, beginning, { limit: 1000, waitSeconds: 5, consistency: strong }))
        assert.deepStrictEqual(
          changes.map(({ user_id }) =>
            user_id
          ).sort(),
          [
            ...new Set(items.map(({ data }) =>
              data.user_id
            ))
          ].sort()
        )

        // Erasing is final, whoever asks how often.
        assert.deepStrictEqual(yield* erase(tenant, victim), { events: 0, rows: 0, parked: 0, rejected: 0, again: true })
        assert.deepStrictEqual(yield* erase(tenant, "nobody"), { events: 0, rows: 0, parked: 0, rejected: 0, again: false })
        assert.strictEqual((yield* sql`select from erased_users`).length, 1)

        // The namesake was what was left of the id.
        assert.strictEqual((yield* erase(other, victim)).events, 1)
        assert.deepStrictEqual(yield* tablesWith(victim), [])
        yield* assertSound
      }).pipe(Effect.provide(after))
    }), 120_000)

  it.effect(
    "is not brought back by a resend or a rebuild, begins anew with a new event, and moves with the log",
    () =>
      Effect.gen(function*() {
        const service = yield* process([casino, payments, profile, again(casino), again(payments)])
        const sql = Context.get(service, PgClient.PgClient)
        const { items, userIds: [first = "", second = "", ...rest] } = generateItems({
          seed: 8,
          users: 8,
          itemsPerUser: 25,
          timeZone: "Europe/Malta"
        })
        const changed = { event: "realtime-casino", data: { ...casinoBet("new-1").data, user_id: first } }
        const fresh = { event: "realtime-casino", data: { ...casinoBet("new-2").data, user_id: first } }
        const onlyFresh = (documents: ReadonlyArray<Record<string, unknown>>) => {
          assert.strictEqual(documents.length, 1)
          assert.deepInclude(documents[0], { payments: {}, profile: null })
          const { casino } = documents[0] as { readonly casino: Record<string, Record<string, unknown>> }
          assert.deepStrictEqual(Object.keys(casino), [secrets.currency])
          assert.deepInclude(casino[secrets.currency], { bet_count: 1, bet_amount: "10" })
        }

        const tenant = yield* Effect.provide(newTenant("resent", "Europe/Malta"), service)
        yield* Effect.gen(function*() {
          yield* send(tenant, items)
          yield* sendRaw(tenant, [changed])
          const others = yield* countersOf(tenant, rest)
          yield* erase(tenant, first)
          yield* erase(tenant, second)
          const resent = yield* send(tenant, items)
          assert.deepStrictEqual([resent.accepted, resent.duplicates, resent.rejected], [0, items.length, []])
          // What was erased cannot be compared.
          const other = yield* sendRaw(tenant, [{ ...changed, data: { ...changed.data, amount: 11 } }])
          assert.deepStrictEqual([other.accepted, other.duplicates, other.rejected], [0, 1, []])
          assert.deepStrictEqual(yield* countersOf(tenant, [first, second]), [])

          assert.strictEqual((yield* sendRaw(tenant, [fresh, fresh])).accepted, 1)
          onlyFresh(yield* countersOf(tenant, [first, second]))
          const log = yield* EventLog
          assert.strictEqual(
            (yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId(first), before: Number.MAX_SAFE_INTEGER, limit: 10 })).length,
            1
          )
          assert.deepStrictEqual(yield* countersOf(tenant, rest), others)

          const { stores } = yield* ProjectionCatalog
          for (const store of stores.filter(({ projection }) => projection.version === 2)) {
            yield* sql`update projection_versions set state = 'building' where version = 2`
            yield* sql.unsafe(`delete from checkpoints where version = 2`)
            yield* sql`insert into checkpoints (slice, projection, version) select slice, ${store.projection.name}, 2 from slice_heads`
            for (const name of store.tables.names) yield* sql.unsafe(`delete from ${name}`)
            yield* rebuild({ sql, log }, [store], { slices: allSlices, onProgress: () => Effect.void })
          }
          yield* assertRowsAreOfTheLog
        }).pipe(Effect.provide(service))

        const exported = Effect.map(Stream.runCollect(exportLog()), (pieces) => Buffer.concat(pieces))
        const file = yield* Effect.provide(exported, service)
        assert.notInclude(file.toString(), "new-1")
        const database = yield* TestDatabase.makeOfOne(why)
        yield* Effect.gen(function*() {
          const clients = yield* Layer.build(Layer.fresh(testClients))
          yield* Effect.provide(migrate, clients)
          yield* Effect.provide(importLog(Stream.make(file)), clients)
          assert.isTrue(file.equals(yield* Effect.provide(exported, clients)))

          const moved = yield* process([casino, payments])
          yield* Effect.gen(function*() {
            yield* assertSound
            const { stores } = yield* ProjectionCatalog
            const log = yield* EventLog
            const sql = yield* PgClient.PgClient
            const resent = yield* send(tenant, items)
            assert.deepStrictEqual([resent.accepted, resent.duplicates, resent.rejected], [0, items.length, []])
            const once = yield* sendRaw(tenant, [changed, fresh])
            assert.deepStrictEqual([once.accepted, once.duplicates], [0, 2])
            for (const store of stores) yield* rebuild({ sql, log }, [store], { slices: allSlices, onProgress: () => Effect.void })
            yield* assertSound
          }).pipe(Effect.provide(moved))
        }).pipe(Effect.provideService(TestDatabase, database))
      }),
    120_000
  )
})

layer(TestDatabase.layerOfOne(why), { excludeTestServices: true })("erasing", (it) => {
  /** Waits until some session of the service waits for a lock with a statement like that. */
  const waits = (statement: string) =>
    Effect.flatMap(PgClient.PgClient, (sql) =>
      untilEffect(Effect.map(
        sql<{ waits: boolean }>`
          select exists (
            select from pg_stat_activity
            where datname = current_database() and application_name like 'playtally%' and wait_event_type = 'Lock' and query like ${statement}
          ) as waits`,
        ([row]) => row?.waits === true
      )))

  it.effect("waits for the chunk that is being fed, and removes what it writes", () =>
    Effect.gen(function*() {
      const service = yield* process([casino, again(casino)])
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const log = yield* EventLog
        const { stores } = yield* ProjectionCatalog
        const tenant = yield* newTenant("fed", "Europe/Malta")
        const user = userInSlice(tenant, 77)
        const fed = Effect.map(
          sql<{ rows: number }>`
            select (select count(*)::int from casino_v1_totals) + (select count(*)::int from casino_v2_totals) as rows`,
          ([row]) => row?.rows
        )
        // Held before the runner sees the event, and not let go before the erasure waits.
        const [holding, held, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const feeding = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
          yield* sql`select from checkpoints where slice = 77 order by slice, projection, version for update`
          yield* Deferred.succeed(holding, undefined)
          yield* Deferred.await(held)
          const chunk = yield* feedChunk({ sql, log, stores, bound: { events: 100, bytes: 1024 * 1024 } }, [Slice(77)])
          assert.strictEqual(chunk.events, 3)
          assert.strictEqual(yield* fed, 2)
          yield* Deferred.await(end)
        })))
        yield* Deferred.await(holding)
        yield* log.append(["1", "2", "3"].map((id) => newEvent(tenant, bet({ user_id: user, unique_id: id }))))
        yield* Deferred.succeed(held, undefined)
        const erasing = yield* Effect.forkChild(erase(tenant, user))
        yield* waits("%checkpoints%")
        yield* Deferred.succeed(end, undefined)
        yield* Fiber.join(feeding)
        const report = yield* Fiber.join(erasing)
        assert.deepStrictEqual([report.events, report.rows], [3, 2])
        assert.strictEqual(yield* fed, 0)
        yield* assertRowsAreOfTheLog
      }).pipe(Effect.provide(service))
    }), 120_000)

  it.effect("is not undone by an append that waits with it for the slice, whoever of them comes first", () =>
    Effect.gen(function*() {
      // The one that erases and the one that appends know nothing of each other.
      const [eraser, appender] = yield* Effect.all([process([casino]), process([casino])])
      const tenant = yield* Effect.provide(newTenant("raced", "Europe/Malta"), eraser)
      const log = Context.get(appender, EventLog)
      // This one has met no repeats, so that it tries to insert before it looks, and then waits for
      // the erasure with the head in its hands.
      const trusting = Context.get(yield* process([casino]), EventLog)
      const holder = Context.get(appender, PgClient.PgClient)
      const user = userInSlice(tenant, 5)
      const old = newEvent(tenant, bet({ user_id: user, unique_id: "old" }))
      for (const [round, erasesFirst] of [true, true, false, false].entries()) {
        const recent = newEvent(tenant, bet({ user_id: user, unique_id: `recent ${round}` }))
        const next = newEvent(tenant, bet({ user_id: user, unique_id: `new ${round}` }))
        yield* log.append([old, recent])
        const [held, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const holding = yield* Effect.forkChild(holder.withTransaction(Effect.gen(function*() {
          yield* holder`select from slice_heads where slice = 5 for update`
          yield* Deferred.succeed(held, undefined)
          yield* Deferred.await(end)
        })))
        yield* Deferred.await(held)
        // Whoever waits first for the head gets it first.
        const startErasing = Effect.forkChild(Effect.provide(erase(tenant, user), eraser)).pipe(
          Effect.tap(Effect.provide(waits("%erase_user%"), eraser))
        )
        const startResending = Effect.forkChild((round === 3 ? trusting : log).append([old, recent, next])).pipe(
          Effect.tap(Effect.provide(waits("%input as materialized%"), eraser))
        )
        const [erasing, resending] = erasesFirst
          ? [yield* startErasing, yield* startResending] as const
          : (yield* Effect.map(Effect.all([startResending, startErasing]), ([resending, erasing]) => [erasing, resending] as const))
        yield* Deferred.succeed(end, undefined)
        yield* Fiber.join(holding)
        assert.deepStrictEqual((yield* Fiber.join(resending)).map(({ _tag }) => _tag), ["Duplicate", "Duplicate", "Appended"])
        const { events } = yield* Fiber.join(erasing)
        const left = yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId(user), before: Number.MAX_SAFE_INTEGER, limit: 10 })
        // What was there before is gone in any case; what is new is there unless it came first.
        if (erasesFirst) assert.deepStrictEqual(left.map(({ event }) => event.data), [JSON.parse(next.payload)])
        else assert.includeDeepMembers([[], [JSON.parse(next.payload)]], [left.map(({ event }) => event.data)])
        assert.isAtLeast(events, 1)
        yield* Effect.provide(assertSound, eraser)
      }
    }), 120_000)

  it.effect("ends an export that has begun, for what it has written tells of the user", () =>
    Effect.gen(function*() {
      const service = yield* process([])
      yield* Effect.gen(function*() {
        const tenant = yield* newTenant("exported", "Europe/Malta")
        yield* Effect.flatMap(
          EventLog,
          ({ append }) =>
            append([
              newEvent(tenant, bet({ user_id: "exported", unique_id: "1" })),
              newEvent(tenant, bet({ user_id: "stays", unique_id: "1" }))
            ])
        )
        for (const user of ["exported", "nobody"]) {
          let erased = false
          const exporting = Stream.runForEach(exportLog(), () =>
            Effect.suspend(() => {
              if (erased) return Effect.void
              erased = true
              return erase(tenant, user)
            }))
          const exit = yield* Effect.result(exporting)
          assert.strictEqual(Result.isFailure(exit) ? exit.failure._tag : "whole", user === "nobody" ? "whole" : "ExportOutdated")
        }
      }).pipe(Effect.provide(service))
    }), 120_000)

  it.effect("leaves a log in which a half-done one would be found", () =>
    Effect.gen(function*() {
      const service = yield* Layer.build(Layer.fresh(testService({ projections: [] }))).pipe(
        Effect.provideService(TestDatabase, yield* TestDatabase.makeOfOne(why))
      )
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const tenant = yield* newTenant("damaged", "Europe/Malta")
        yield* Effect.flatMap(EventLog, ({ append }) =>
          append(["1", "2"].map((id) => newEvent(tenant, bet({ user_id: "gone", unique_id: id })))))
        yield* erase(tenant, "gone")
        yield* assertSound
        yield* sql`alter table events disable trigger all`.unprepared
        for (
          const [damage, found] of [
            ["update events set payload = '{\"a\":1}' where position = 1", /was erased, but 1 of 2 events were not/],
            ["update events set user_id = 'somebody' where position = 1", /is no pseudonym, but has erased events/],
            ["delete from erased_users", /of nobody who was erased here/],
            ["update slice_heads set erasure = 0", /does not name the last erasure/]
          ] as const
        ) {
          const findings = yield* Effect.flip(sql.withTransaction(Effect.gen(function*() {
            yield* sql.unsafe(damage)
            const [verdicts] = yield* Effect.all([Stream.runCollect(verifyLog())])
            return yield* Effect.fail(verdicts.flatMap(({ findings }) =>
              findings.map(({ message }) => message)
            ))
          })))
          assert.match(String(findings), found)
        }
      }).pipe(Effect.provide(service))
    }), 120_000)

  it.effect("loses and doubles nothing while the user is sent and rebuilt by two processes", () =>
    Effect.gen(function*() {
      const seed = yield* process([casino, payments])
      const tenant = yield* Effect.provide(newTenant("hammered", "Europe/Malta"), seed)
      const { items, userIds } = generateItems({ seed: 21, users: 6, itemsPerUser: 60, timeZone: "Europe/Malta" })
      const [user = ""] = userIds
      const batches = Array.from({ length: 60 }, (_, nth) => items.filter((_, index) => index % 60 === nth))
      yield* Effect.provide(send(tenant, batches.slice(0, 20).flat()), seed)
      const services = yield* Effect.all([1, 2].map(() => process([casino, payments, again(casino), again(payments)])))

      const sending = Effect.forEach(services, (service, which) =>
        Effect.forEach([...batches, ...batches.toReversed()], (batch, nth) =>
          nth % 2 === which || nth % 5 === 0 ? Effect.provide(send(tenant, batch), service) : Effect.void, { discard: true }), {
        concurrency: 2,
        discard: true
      })
      const erasing = Effect.forEach(Array.from({ length: 12 }), (_, nth) =>
        Effect.provide(erase(tenant, user), services[nth % 2] ?? seed), { concurrency: 2 })
      const rebuilding = Effect.gen(function*() {
        const { stores } = yield* ProjectionCatalog
        const sql = yield* PgClient.PgClient
        const log = yield* EventLog
        for (
          const store of stores.filter(({ projection }) =>
            projection.version === 2
          )
        ) {
          yield* rebuild({ sql, log }, [store], {
            slices: allSlices,
            onProgress: () =>
              Effect.void
          })
        }
      }).pipe(Effect.provide(services[0] ?? seed))
      const [, reports] = yield* Effect.all([sending, erasing, rebuilding], { concurrency: 3 })
      const one = services[1] ?? seed
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const distinct = new Set(items.map(identityOf)).size
        const [stored] = yield* sql<{ events: number; erased: number; live: number }>`
          select count(*)::int as events, count(*) filter (where event_type = 'erased')::int as erased,
            count(*) filter (where user_id = ${user})::int as live
          from events where tenant_id = ${tenant.tenantId}::uuid`
        assert.strictEqual(stored?.events, distinct)
        assert.strictEqual(
          stored?.erased,
          reports.reduce((sum, { events }) =>
            sum + events, 0)
        )
        assert.isAbove(stored?.erased ?? 0, 0)
        const resent = yield* send(tenant, items)
        assert.strictEqual(resent.accepted, 0)

        // The counters are of those events that are still there.
        const log = yield* EventLog
        const there = new Set(
          (yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId(user), before: Number.MAX_SAFE_INTEGER, limit: 10_000 })).map((
            { event }
          ) => JSON.stringify(event.data))
        )
        assert.strictEqual(there.size, stored?.live)
        for (const userId of userIds.slice(1)) {
          const [document] = yield* countersOf(tenant, [userId])
          const expected = referenceCounters(items, { timeZone: "Europe/Malta", now: new Date(), userId })
          assert.deepStrictEqual(document?.["casino"] as unknown, expected.casino)
        }
        yield* assertSound
        yield* assertRowsAreOfTheLog
      }).pipe(Effect.provide(one))
    }), 120_000)
})
