import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Changes } from "../../src/counters/changes/Changes.ts"
import { Counters } from "../../src/counters/Counters.ts"
import { Explanation } from "../../src/counters/history/Explanation.ts"
import { TimeTravel } from "../../src/counters/history/TimeTravel.ts"
import { type Erased, erasureSteps, type Step } from "../../src/erasure/erasureSteps.ts"
import { ErasureStep, UserErasure } from "../../src/erasure/UserErasure.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { pseudonymOf, tagOf, tagStart } from "../../src/event-log/pseudonym.ts"
import type { NewEvent } from "../../src/event-log/RecordedEvent.ts"
import { allSlices, sliceOf } from "../../src/event-log/sliceOf.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { casinoByGame } from "../../src/projections/catalog/casinoByGame.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../src/projections/versions/rebuild.ts"
import { rebuildUser } from "../../src/projections/versions/rebuildUser.ts"
import { rowsWithoutEvents, verifySlice } from "../../src/projections/versions/verifyProjection.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { exportLog } from "../../src/transfer/exportLog.ts"
import { verifyLog } from "../../src/transfer/verifyLog.ts"
import { Position } from "../../src/values/Position.ts"
import { Slice } from "../../src/values/Slice.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { beginning } from "../support/events/beginning.ts"
import { bet } from "../support/events/events.ts"
import { newEvent, userInSlice } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"

const stepSize = 7
const nextCasino = { ...casino, version: casino.version + 1 }

const process = Layer.build(Layer.fresh(
  testService({ projections: [casino, casinoByGame, nextCasino] }).pipe(Layer.provide(Layer.succeed(ErasureStep, stepSize)))
))

const inProcess = <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.flatMap(process, (context) => Effect.provide(body, context))

const erasedOf = ({ keyNamespace, tenantId }: Tenant, userId: string): Erased => ({
  tenantId,
  userId: UserId(userId),
  slice: sliceOf(tenantId, UserId(userId)),
  pseudonym: pseudonymOf(keyNamespace, UserId(userId)),
  tag: tagOf(tagStart(keyNamespace), UserId(userId))
})

const assertSound = Effect.gen(function*() {
  const verdicts = yield* Stream.runCollect(verifyLog())
  assert.deepStrictEqual(verdicts.flatMap(({ findings }) => findings), [])
})

const assertRowsAreOfTheLog = Effect.fnUntraced(function*(slice: number) {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  for (const store of (yield* ProjectionCatalog).stores) {
    assert.deepStrictEqual((yield* verifySlice({ sql, log }, store, Slice(slice))).differences, [])
    assert.deepStrictEqual(yield* rowsWithoutEvents(sql, store), [])
  }
})

/**
 * Two users of a slice in turns, so many events each: one game each, so that the one to go has as
 * many rows as events.
 */
const heavy = Effect.fnUntraced(function*(name: string, count: number) {
  const tenant = yield* newTenant(name)
  const [user, other] = [userInSlice(tenant, 9), userInSlice(tenant, 9, 1)]
  const events = (of: string) =>
    Array.from({ length: count }, (_, nth): NewEvent => {
      const event = bet({ user_id: UserId(of), unique_id: `${nth}` })
      return newEvent(tenant, { ...event, data: { ...event.data, game_id: `game-${nth}` } } as typeof event)
    })
  const [own, others] = [events(user), events(other)]
  const log = yield* EventLog
  yield* log.append(own.flatMap((event, nth) => [event, others[nth] ?? event]))
  const counters = yield* Counters
  yield* counters.read(tenant, [UserId(user), UserId(other)], { sections: ["casino", "casino_by_game"], consistency: strong })
  return { tenant, user, other, own, others }
})

const bound = { events: 1000, bytes: 1_000_000 }

/**
 * Nobody sees anything of the user, wherever it may be looked for; somebody else is there as
 * before.
 */
const assertGone = Effect.fnUntraced(function*(tenant: Tenant, user: string, other: string) {
  const counters = yield* Counters
  const documents = yield* counters.read(tenant, [UserId(user), UserId(other)], { sections: ["casino"], consistency: strong })
  assert.deepStrictEqual(documents.map(({ user_id }) => user_id), [other])
  const log = yield* EventLog
  assert.deepStrictEqual(
    yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId(user), before: Number.MAX_SAFE_INTEGER, limit: 1000 }),
    []
  )
  assert.isAbove(
    (yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId(other), before: Number.MAX_SAFE_INTEGER, limit: 1000 })).length,
    0
  )
  const seen = yield* log.read([{ slice: Slice(9), position: Position(0) }], bound)
  assert.deepStrictEqual(seen.filter(({ event, userId }) => userId === user && event !== null), [])
  const parts = yield* log.lookAtParts([{ slice: Slice(9), position: Position(0), upTo: Position(1000) }], ["realtime-casino"], bound.bytes)
  assert.deepStrictEqual([...new Set(parts.flatMap(({ event, userId }) => event === null ? [] : [userId]))], [other])
  const part = { tenantId: tenant.tenantId, types: ["realtime-casino"] as const, upTo: Position(1000) }
  const looked = [
    ...yield* log.lookAtUsers({ ...part, userIds: [UserId(user), UserId(other)] }, { userId: UserId(""), position: Position(0) }, bound),
    ...yield* log.lookAtUser({ ...part, userId: UserId(user), slice: Slice(9), after: Position(0) }, bound)
  ]
  assert.deepStrictEqual([...new Set(looked.map(({ userId }) => userId))], [other])
  const { explain } = yield* Explanation
  assert.isUndefined(yield* explain(tenant, UserId(user), { path: "casino.EUR.bet_count", after: Position(0), limit: 10 }))
  const { read } = yield* TimeTravel
  assert.isUndefined(yield* read(tenant, UserId(user), { instant: Date.now() - 1, sections: ["casino"] }))
  const { changes } = yield* Effect.flatMap(
    Changes,
    ({ after }) => after(tenant, beginning, { limit: 1000, waitSeconds: 5, consistency: strong })
  )
  assert.deepStrictEqual(changes.map(({ user_id }) => user_id), [other])
})

const database = TestDatabase.layerOfOne("each step of an erasure is in the partition of the user")

layer(database, { excludeTestServices: true })("a user who is erased in steps", (it) => {
  it.effect("is gone with the first one, and comes back by nothing that happens between two", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const { stores } = yield* ProjectionCatalog
      const { other, others, own, tenant, user } = yield* heavy("steps", 40)
      const { begin, goOn } = erasureSteps(sql, stepSize)
      const erased = erasedOf(tenant, user)

      let step: Step | undefined = yield* begin(erased, 0)
      let steps = 0
      while (step?._tag === "UnderWay") {
        steps++
        assert.strictEqual(step.progress.events, yield* eventsOf(tenant, erased.pseudonym))
        yield* assertGone(tenant, user, other)
        if (steps === 2) yield* assertSound
        assert.strictEqual(
          (yield* Effect.flip(Stream.runDrain(exportLog()))).message,
          "A user is being erased: export the log again when that has ended."
        )
        // Whatever has come before is a duplicate, whether it is empty by now or not.
        assert.deepStrictEqual([...new Set((yield* log.append([...own, ...others])).map(({ _tag }) => _tag))], ["Duplicate"])
        // What is new goes with the rest.
        if (steps <= 5) {
          yield* log.append([
            newEvent(tenant, bet({ user_id: UserId(user), unique_id: `new ${steps}` })),
            newEvent(tenant, bet({ user_id: UserId(other), unique_id: `new ${steps}` }))
          ])
        }
        if (steps === 3) {
          const store = stores.find(({ projection }) => projection.version === nextCasino.version)
          if (store === undefined) throw new Error("the version is in the catalog")
          yield* rebuild({ sql, log }, [store], { slices: allSlices, onProgress: () => Effect.void })
          for (const store of stores) yield* rebuildUser({ sql, log }, store, { tenantId: tenant.tenantId, userId: UserId(user) })
        }
        step = yield* goOn(erased)
      }
      assert.isAbove(steps, 6)
      assert.deepInclude(step?.report, { events: 45, again: false })
      assert.isAtLeast(step?.report.rows ?? 0, 2 * stepSize)
      assert.strictEqual(yield* eventsOf(tenant, erased.pseudonym), 45)
      assert.strictEqual(yield* eventsOf(tenant, user), 0)
      assert.deepStrictEqual(yield* sql`select from unfinished_erasures`, [])
      yield* assertGone(tenant, user, other)
      yield* assertSound
      yield* assertRowsAreOfTheLog(9)

      assert.deepStrictEqual([...new Set((yield* log.append(own)).map(({ _tag }) => _tag))], ["Duplicate"])
      assert.deepStrictEqual(
        (yield* log.append([newEvent(tenant, bet({ user_id: UserId(user), unique_id: "later" }))])).map(({ _tag }) => _tag),
        [
          "Appended"
        ]
      )
      const [document] = yield* Effect.flatMap(Counters, ({ read }) =>
        read(tenant, [UserId(user)], { sections: ["casino"], consistency: strong }))
      assert.include(JSON.stringify(document?.["casino"]), `"bet_count":1,"bet_amount":"10"`)
      yield* Stream.runDrain(exportLog())
    }).pipe(inProcess), 40_000)

  it.effect(
    "is erased by whoever asks again after a process has died in the middle, or by a service that looks",
    () =>
      Effect.gen(function*() {
        const [first, second] = yield* Effect.all([process, process])
        for (const [name, how] of [["asked", "ask"], ["found", "look"]] as const) {
          const { tenant, user } = yield* Effect.provide(heavy(name, 40), first)
          const sql = Context.get(second, PgClient.PgClient)
          const erasure = Context.get(second, UserErasure)
          const dying = yield* Effect.callback<Fiber.Fiber<unknown, unknown>>((resume) => {
            const fiber = Effect.runFork(Effect.provide(
              Effect.flatMap(
                UserErasure,
                ({ erase }) => erase(tenant, UserId(user), ({ events }) => events > 10 ? resume(Effect.succeed(fiber)) : undefined)
              ),
              first
            ))
          })
          yield* Fiber.interrupt(dying)
          assert.strictEqual(
            (yield* sql`select from unfinished_erasures where user_id = ${user} and tenant_id = ${tenant.tenantId}::uuid`).length,
            1
          )
          assert.isAbove(yield* Effect.provide(eventsOf(tenant, user), second), 0)
          if (how === "ask") {
            assert.deepInclude(yield* erasure.erase(tenant, UserId(user)), { events: 40, again: false })
          } else {
            assert.strictEqual(yield* erasure.takeUp, 0)
            yield* sql`update unfinished_erasures set moved_at = moved_at - interval '2 minutes'`
            assert.strictEqual(yield* erasure.takeUp, 1)
            yield* untilEffect(Effect.map(sql`select from unfinished_erasures`, (rows) => rows.length === 0))
          }
          assert.strictEqual(yield* Effect.provide(eventsOf(tenant, user), second), 0)
          yield* Effect.provide(assertSound, second)
          yield* Effect.provide(assertRowsAreOfTheLog(9), second)
        }
      }),
    40_000
  )

  it.effect("is erased once by two processes while it is played and resent, and answers both", () =>
    Effect.gen(function*() {
      const processes = yield* Effect.all([process, process])
      const [first, second] = processes
      const { other, others, own, tenant, user } = yield* Effect.provide(heavy("both", 120), first)
      const erasing = Effect.forEach(processes, (context) => Context.get(context, UserErasure).erase(tenant, UserId(user)), {
        concurrency: 2
      })
      const playing = Effect.forEach(Array.from({ length: 20 }), (_, nth) =>
        Context.get(nth % 2 === 0 ? first : second, EventLog).append([
          ...own.slice(nth * 6, nth * 6 + 6),
          ...others.slice(nth * 6, nth * 6 + 6),
          newEvent(tenant, bet({ user_id: UserId(user), unique_id: `during ${nth}` })),
          newEvent(tenant, bet({ user_id: UserId(other), unique_id: `during ${nth}` }))
        ]))
      const [reports, outcomes] = yield* Effect.all([erasing, playing], { concurrency: 2 })
      for (const of of outcomes) {
        assert.deepStrictEqual(of.map(({ _tag }) => _tag), [...Array.from({ length: 12 }, () => "Duplicate"), "Appended", "Appended"])
      }
      assert.isAbove(Math.max(...reports.map(({ events }) => events)), 119)
      yield* Effect.gen(function*() {
        const { pseudonym } = erasedOf(tenant, user)
        const [gone, left] = [yield* eventsOf(tenant, pseudonym), yield* eventsOf(tenant, user)]
        assert.strictEqual(gone + left, 140)
        assert.strictEqual(yield* eventsOf(tenant, other), 140)
        // Whatever came too late to be erased is a new user's.
        const [document] = yield* Effect.flatMap(
          Counters,
          ({ read }) => read(tenant, [UserId(user)], { sections: ["casino"], consistency: strong })
        )
        const bets = (document?.["casino"] as { readonly EUR: { readonly bet_count: number } } | undefined)?.EUR.bet_count ?? 0
        assert.strictEqual(bets, left)
        yield* assertSound
        yield* assertRowsAreOfTheLog(9)
      }).pipe(Effect.provide(second))
    }), 40_000)

  it.effect("goes on after the request has stopped waiting, and the next request joins", () =>
    Effect.gen(function*() {
      const { eraseWithin } = yield* UserErasure
      const { tenant, user } = yield* heavy("patience", 60)
      const holder = yield* PgClient.PgClient
      const held = yield* Effect.forkChild(holder.withTransaction(Effect.gen(function*() {
        yield* holder`select from slice_heads where slice = 9 for update`
        yield* Effect.sleep("300 millis")
      })))
      const early = yield* eraseWithin(tenant, UserId(user), "50 millis")
      assert.strictEqual(early._tag, "UnderWay")
      yield* Fiber.join(held)
      const [one, two] = yield* Effect.all([
        eraseWithin(tenant, UserId(user), "20 seconds"),
        eraseWithin(tenant, UserId(user), "20 seconds")
      ], {
        concurrency: 2
      })
      assert.deepStrictEqual(one, two)
      assert.deepInclude(one._tag === "Ended" ? one.report : {}, { events: 60 })
      assert.strictEqual(yield* eventsOf(tenant, user), 0)
    }).pipe(inProcess), 20_000)
})

const eventsOf = Effect.fnUntraced(function*({ tenantId }: Tenant, userId: string) {
  const sql = yield* PgClient.PgClient
  const [row] = yield* sql<{ events: number }>`
    select count(*)::int as events from events where tenant_id = ${tenantId}::uuid and user_id = ${userId}`
  return row?.events ?? 0
})
