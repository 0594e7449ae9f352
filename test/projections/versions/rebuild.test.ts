import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { AppendClient } from "../../../src/database/AppendClient.ts"
import { Migrations } from "../../../src/database/Migrations.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { allSlices, sliceOf } from "../../../src/event-log/sliceOf.ts"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { payments } from "../../../src/projections/catalog/payments.ts"
import { sports } from "../../../src/projections/catalog/sports.ts"
import { take } from "../../../src/projections/feed/Checkpoints.ts"
import { feedChunk } from "../../../src/projections/feed/feedChunk.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { activateVersion } from "../../../src/projections/versions/activateVersion.ts"
import { diffVersions, isEmptyDiff } from "../../../src/projections/versions/diffVersions.ts"
import { ProjectionCatalog, type Remake } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild, type RebuildProgress } from "../../../src/projections/versions/rebuild.ts"
import { rebuildUser } from "../../../src/projections/versions/rebuildUser.ts"
import { rowsWithoutEvents, verifySlice } from "../../../src/projections/versions/verifyProjection.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import { type Figures, referenceCounters } from "../../oracle/referenceCounters.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bulkItems } from "../../support/events/bulkItems.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { strong } from "../../support/service/strong.ts"
import { testClients, testService } from "../../support/service/TestService.ts"
import { untilEffect } from "../../support/time/until.ts"

/** The same rules under the next number: an empty diff. */
const again = (projection: AnyProjection): AnyProjection => ({ ...projection, version: projection.version + 1 })

/** Bets count half: a change everybody who ever bet notices. */
const halved: AnyProjection = {
  ...again(casino),
  contribute: (event, context) =>
    (casino.contribute?.(event, context) ?? []).map((row) => "bet_count" in row ? { ...row, bet_count: 2 } : row)
}

const storeOf = (projection: AnyProjection) =>
  Effect.map(ProjectionCatalog, ({ stores }) => {
    const store = stores.find((known) => known.projection.name === projection.name && known.projection.version === projection.version)
    if (store === undefined) throw new Error("not in the catalog")
    return store
  })

const developer = (projections: ReadonlyArray<AnyProjection>) => Layer.build(Layer.fresh(testService({ projections })))

/** What `projections rebuild --again` starts with. */
const developerOnly = (projections: ReadonlyArray<AnyProjection>, remake: Remake) =>
  ProjectionCatalog.layer(projections, { remakes: [remake] }).pipe(Layer.provideMerge(Migrations.layer), Layer.provideMerge(testClients))

const send = (tenant: Parameters<Ingest["Service"]["batch"]>[0], items: ReadonlyArray<unknown>) =>
  Effect.flatMap(Ingest, ({ batch }) => batch(tenant, bulkItems(items), { strict: false }))

const database = TestDatabase.layerOfOne("a version is rebuilt in each partition by itself")

layer(database, { excludeTestServices: true })("a changed projection", (it) => {
  it.effect(
    "is rebuilt under traffic, compared, activated and taken back, and every strong read is right throughout",
    () =>
      Effect.gen(function*() {
        const now = new Date(yield* Clock.currentTimeMillis)
        const random = seededRandom(7)
        const { items, userIds } = generateItems({ seed: 7, users: 40, now })
        const batches = cutIntoBatches(random, shuffle(random, items), 60)
        const [first, later] = [batches.slice(0, batches.length >> 1), batches.slice(batches.length >> 1)]

        const before = yield* developer([casino, payments, sports])
        const tenant = yield* newTenant("live").pipe(Effect.provide(before))
        for (const batch of first) yield* send(tenant, batch).pipe(Effect.provide(before))

        const after = yield* developer([casino, halved, payments, again(payments), sports, again(sports)])
        yield* Effect.gen(function*() {
          const sql = yield* PgClient.PgClient
          const log = yield* EventLog
          const counters = yield* Counters
          const read = counters.read(tenant, userIds.map((each) => UserId(each)), {
            sections: ["casino", "payments", "sports"],
            consistency: strong
          })
          const expected = (sent: ReadonlyArray<ReadonlyArray<(typeof items)[number]>>, factor: number) =>
            userIds.filter((userId) => sent.flat().some(({ data }) => data.user_id === userId)).map((userId) => {
              const { casino, payments, sports } = referenceCounters(sent.flat(), { timeZone: "UTC", now, userId: UserId(userId) })
              const scaled = Object.entries(casino).map((
                [currency, row]
              ) => [currency, { ...row, bet_count: Number(row["bet_count"]) * factor }])
              return { casino: Object.fromEntries(scaled), payments, sports }
            })
          const assertReads = (sent: ReadonlyArray<ReadonlyArray<(typeof items)[number]>>, factor: number) =>
            Effect.map(read, (documents) =>
              assert.deepStrictEqual(
                documents.map(({ casino, payments, sports }) => ({ casino, payments, sports })) as ReadonlyArray<unknown>,
                expected(sent, factor)
              ))

          yield* assertReads(first, 1)
          const stores = [yield* storeOf(halved), yield* storeOf(again(payments)), yield* storeOf(again(sports))] as const
          const refused = yield* Effect.flip(activateVersion(sql, stores[0], { withParked: false, replaceViews: false }))
          assert.strictEqual(refused._tag === "ActivationRefused" && refused.reason, "NotRebuilt")

          // A rebuild that is cut off goes on where it was.
          const seen: Array<RebuildProgress> = []
          const onProgress = (progress: RebuildProgress) => Effect.sync(() => void seen.push(progress))
          yield* Effect.timeoutOption(rebuild({ sql, log }, [stores[0]], { slices: allSlices.slice(0, 40), onProgress }), "2 seconds")
          const traffic = yield* Effect.forkChild(Effect.forEach(later, (batch) => send(tenant, batch), { discard: true }))
          for (const store of stores) yield* rebuild({ sql, log }, [store], { slices: allSlices, onProgress })
          yield* Fiber.join(traffic)
          assert.isTrue(seen.every(({ done, total }) => done <= total))
          yield* assertReads(batches, 1)

          for (const [projection, store] of [[casino, stores[0]], [payments, stores[1]], [sports, stores[2]]] as const) {
            const diff = yield* diffVersions({ sql, log }, { before: yield* storeOf(projection), after: store }, { slices: allSlices })
            if (projection !== casino) {
              assert.isTrue(isEmptyDiff(diff))
              continue
            }
            const betters = expected(batches, 1).map(({ casino }) => Object.values(casino as Record<string, Figures>)).filter((rows) =>
              rows.some((row) => Number(row["bet_count"]) > 0)
            )
            const bets = betters.flat().map((row) => Number(row["bet_count"]))
            const total = bets.reduce((sum, bets) => sum + bets, 0)
            assert.strictEqual(diff.changedUsers, betters.length)
            assert.deepStrictEqual(
              diff.columns.filter(({ rows }) => rows > 0),
              [{
                column: "bet_count",
                rows: bets.filter((bets) => bets > 0).length,
                least: String(Math.min(...bets.filter((bets) => bets > 0))),
                greatest: String(Math.max(...bets)),
                total: String(total)
              }]
            )
            assert.strictEqual(diff.largest[0]?.change, String(Math.max(...bets)))
          }

          yield* activateVersion(sql, stores[0], { withParked: false, replaceViews: false })
          yield* assertReads(batches, 2)
          const [viewed] = yield* sql<{ bets: bigint }>`select sum(bet_count)::bigint as bets from casino_totals`
          const [stored] = yield* sql<{ bets: bigint }>`select sum(bet_count)::bigint as bets from casino_v2_totals`
          assert.deepStrictEqual(viewed, stored)
          yield* activateVersion(sql, yield* storeOf(casino), { withParked: false, replaceViews: false })
          yield* assertReads(batches, 1)

          for (const store of stores) {
            const verified = yield* Effect.forEach(allSlices, (slice) => verifySlice({ sql, log }, store, slice))
            assert.deepStrictEqual(verified.flatMap(({ differences }) => differences), [])
            const [whole] = yield* sql<{ events: number }>`select count(*)::int as events from events`
            assert.strictEqual(verified.reduce((sum, { events }) => sum + events, 0), whole?.events)
            assert.deepStrictEqual(yield* rowsWithoutEvents(sql, store), [])
          }

          // Rows somebody has meddled with are named, and put right again for one user.
          yield* sql`update casino_v1_totals set bet_count = bet_count + 1, biggest_win = 7777 where user_id = ${userIds[1] ?? ""}`
          const live = yield* storeOf(casino)
          const found = (yield* Effect.forEach(allSlices, (slice) => verifySlice({ sql, log }, live, slice))).flatMap(({ differences }) =>
            differences
          )
          assert.isNotEmpty(found)
          assert.deepStrictEqual([...new Set(found.map(({ userId }) => userId))], [userIds[1]])
          assert.sameMembers([...new Set(found.map(({ column }) => column))], ["bet_count", "biggest_win"])
          assert.isTrue(yield* rebuildUser({ sql, log }, live, { tenantId: tenant.tenantId, userId: UserId(userIds[1] ?? "") }))
          yield* assertReads(batches, 1)
        }).pipe(Effect.provide(after))
      }),
    60_000
  )

  it.effect("is made anew by its own code alone, though older processes have not heard of it yet", () =>
    Effect.gen(function*() {
      const old = yield* Layer.build(testService({ projections: [casino] }))
      const sql = Context.get(old, PgClient.PgClient)
      const log = Context.get(old, EventLog)
      const [oldStore] = Context.get(old, ProjectionCatalog).stores
      if (oldStore === undefined) return yield* Effect.die("there is one")
      const tenant = yield* newTenant("again").pipe(Effect.provide(old))
      yield* log.append(["a", "b"].map((id) => newEvent(tenant, bet({ user_id: UserId("player"), unique_id: id }))))
      const slice = sliceOf(tenant.tenantId, UserId("player"))
      const counters = Context.get(old, Counters)
      yield* counters.read(tenant, [UserId("player")], { sections: ["casino"], consistency: strong })

      // A chunk is under way: the new code waits for it, and it ends.
      const changed = { ...halved, version: 1 }
      const owner = { tenantId: tenant.tenantId, userId: UserId("player") }
      const remade = yield* sql.withTransaction(Effect.gen(function*() {
        assert.strictEqual((yield* take(sql, [casino], [slice])).length, 1)
        const remaking = yield* Effect.forkChild(
          Layer.build(Layer.fresh(developerOnly([changed], { name: "casino", version: 1 })))
        )
        yield* untilEffect(Effect.map(
          Context.get(old, AppendClient)`
            select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and state = 'active'`,
          (waiting) => waiting.length > 0
        ))
        yield* oldStore.write([{ ...owner, entities: [], totals: [], recount: false }])
        yield* oldStore.remove([owner])
        return remaking
      }))
      const again = yield* Fiber.join(remade)

      // What an older process would do for as long as it does not know.
      assert.strictEqual(
        (yield* feedChunk({ sql, log, stores: [oldStore], bound: { events: 100, bytes: 1024 * 1024 } }, [slice])).events,
        0
      )
      assert.deepStrictEqual(yield* sql`select 1 from casino_v1_totals`, [])
      const [newStore] = Context.get(again, ProjectionCatalog).stores
      if (newStore === undefined) return yield* Effect.die("there is one")
      yield* rebuild({ sql, log }, [newStore], { slices: allSlices, onProgress: () => Effect.void })
      assert.strictEqual(
        (yield* feedChunk({ sql, log, stores: [oldStore], bound: { events: 100, bytes: 1024 * 1024 } }, [slice])).events,
        0
      )
      assert.deepStrictEqual(yield* sql`select bet_count from casino_v1_totals`, [{ bet_count: 4n }])
    }).pipe(Effect.provide(Layer.fresh(database))))

  it.effect("is rebuilt although slices get their first events meanwhile", () =>
    Effect.gen(function*() {
      const before = yield* Layer.build(testService({ projections: [casino] }))
      const [sql, log] = [Context.get(before, PgClient.PgClient), Context.get(before, EventLog)]
      const tenant = yield* newTenant("young").pipe(Effect.provide(before))
      yield* log.append([newEvent(tenant, bet({ user_id: UserId("first"), unique_id: "a" }))])
      const after = yield* developer([casino, again(casino)])
      const store = yield* storeOf(again(casino)).pipe(Effect.provide(after))
      const [one, other] = [sliceOf(tenant.tenantId, UserId("first")), sliceOf(tenant.tenantId, UserId("second"))]
      assert.notStrictEqual(one, other)
      let looks = 0
      const onProgress = () =>
        looks++ === 0 ? Effect.orDie(log.append([newEvent(tenant, bet({ user_id: UserId("second"), unique_id: "b" }))])) : Effect.void
      yield* rebuild({ sql, log }, [store], { onProgress })
      yield* activateVersion(sql, store, { withParked: false, replaceViews: false })
      const read = Context.get(after, Counters).read(tenant, [UserId("first"), UserId("second")], {
        sections: ["casino"],
        consistency: strong
      })
      assert.strictEqual((yield* read).length, 2)
    }).pipe(Effect.provide(Layer.fresh(database))))

  it.effect("ends where a position is missing, and says which slice it is", () =>
    Effect.gen(function*() {
      const services = yield* Layer.build(testService({ projections: [casino, again(casino)] }))
      const [sql, log] = [Context.get(services, PgClient.PgClient), Context.get(services, EventLog)]
      const tenant = yield* newTenant("damaged").pipe(Effect.provide(services))
      const slice = sliceOf(tenant.tenantId, UserId("player"))
      // The running service holds its checkpoints only when the position is missing already.
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`select 1 from checkpoints where slice = ${slice} order by slice, projection, version for update`
        yield* log.append(["a", "b", "c"].map((id) => newEvent(tenant, bet({ user_id: UserId("player"), unique_id: id }))))
        yield* sql`alter table events disable trigger user`
        yield* sql`delete from events where slice = ${slice} and position = 2`
      }))
      const remade = Context.get(
        yield* Layer.build(Layer.fresh(developerOnly([casino, again(casino)], { name: "casino", version: 2 }))),
        ProjectionCatalog
      ).stores.find(({ projection }) => projection.version === 2)
      if (remade === undefined) return yield* Effect.die("it is known")
      const error = yield* Effect.flip(rebuild({ sql, log }, [remade], { slices: allSlices, onProgress: () => Effect.void }))
      assert.match(error.message, new RegExp(`missing in slice ${slice}:`))
    }).pipe(Effect.provide(Layer.fresh(database))))

  it.effect("is refused if it does something else under the same number", () =>
    Effect.gen(function*() {
      yield* developer([casino])
      const changed = yield* Effect.flip(developer([{ ...halved, version: 1 }]))
      assert.strictEqual(changed._tag, "ProjectionChanged")
      assert.include(changed.message, "rebuild casino")
      const shownOtherwise = { ...casino, section: { ...casino.section, present: () => "something else" } }
      assert.strictEqual((yield* Effect.flip(developer([shownOtherwise])))._tag, "ProjectionChanged")
    }))
})
