import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import { MostAtOnce } from "../../../src/projections/feed/MostAtOnce.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { StepBound } from "../../../src/projections/versions/rebuildInSteps.ts"
import { rebuildUser } from "../../../src/projections/versions/rebuildUser.ts"
import { verifySlice } from "../../../src/projections/versions/verifyProjection.ts"
import { changeTimeZone } from "../../../src/time-zones/changeTimeZone.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bulkItems } from "../../support/events/bulkItems.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { strong } from "../../support/service/strong.ts"
import { testService } from "../../support/service/TestService.ts"
import { untilEffect } from "../../support/time/until.ts"

const service = testService().pipe(Layer.provideMerge(TestDatabase.layerOfOne("a user is rebuilt in one partition")))

layer(service, { excludeTestServices: true })("a user rebuilt in steps", (it) => {
  /** Of one user, in batches, as if the user's events were very many. */
  const inSteps = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    effect.pipe(Effect.provideService(MostAtOnce, 20), Effect.provideService(StepBound, { events: 15, bytes: 100_000 }))

  const setUp = Effect.fnUntraced(function*(name: string, seed: number) {
    const now = new Date(yield* Clock.currentTimeMillis)
    const random = seededRandom(seed)
    const tenant = yield* newTenant(name)
    const { items, userIds: [userId = ""] } = generateItems({ seed, users: 1, now })
    const batches = cutIntoBatches(random, shuffle(random, items), 30)
    const send = (some: typeof batches) =>
      Effect.flatMap(
        Ingest,
        ({ batch }) => Effect.forEach(some, (items) => batch(tenant, bulkItems(items), { strict: false }), { discard: true })
      )
    const owner = { tenantId: tenant.tenantId, userId: UserId(userId) }
    const slice = sliceOf(tenant.tenantId, UserId(userId))
    const verified = Effect.gen(function*() {
      const [sql, log] = [yield* PgClient.PgClient, yield* EventLog]
      const counters = yield* Counters
      const documents = yield* counters.read(tenant, [UserId(userId)], { sections: counters.sections, consistency: strong })
      assert.deepStrictEqual(documents.map(({ stale }) => stale ?? []), [[]])
      for (const store of (yield* ProjectionCatalog).stores) {
        const { differences, parked } = yield* verifySlice({ sql, log }, store, slice)
        assert.deepStrictEqual([store.projection.name, differences, parked], [store.projection.name, [], 0])
      }
      return documents
    })
    return { tenant, batches, send, owner, slice, verified }
  })

  it.effect("has the same rows afterwards, while events come in, whoever takes part and whatever was left by one who stopped", () =>
    Effect.gen(function*() {
      const [sql, log] = [yield* PgClient.PgClient, yield* EventLog]
      const { batches, owner, send, slice, verified } = yield* setUp("steps", 3)
      yield* send(batches.slice(0, 20))
      yield* verified
      const [before] = yield* sql<{ epochs: bigint }>`select sum(epoch)::bigint as epochs from checkpoints where slice = ${slice}`
      const { stores } = yield* ProjectionCatalog
      const sending = yield* Effect.forkChild(send(batches.slice(20)))
      for (const store of stores) {
        // Somebody begins and is cut off; two others join, and end together.
        yield* Effect.timeoutOption(inSteps(rebuildUser({ sql, log }, store, owner)), "40 millis")
        const both = yield* Effect.all([1, 2].map(() => inSteps(rebuildUser({ sql, log }, store, owner))), { concurrency: 2 })
        assert.deepStrictEqual(both, [true, true])
      }
      yield* Fiber.join(sending)
      yield* verified
      const [after] = yield* sql<{ epochs: bigint }>`select sum(epoch)::bigint as epochs from checkpoints where slice = ${slice}`
      assert.isAtLeast(Number(after?.epochs) - Number(before?.epochs), 2 * stores.length)
    }))

  it.effect("is stale meanwhile, and others of the slice are fed", () =>
    Effect.gen(function*() {
      const [sql, log, counters] = [yield* PgClient.PgClient, yield* EventLog, yield* Counters]
      const tenant = yield* newTenant("beside")
      const [heavy, other] = [userInSlice(tenant, 40), userInSlice(tenant, 40, 1)]
      const casino = (user: string, consistency: Parameters<typeof counters.read>[2]["consistency"]) =>
        Effect.map(counters.read(tenant, [UserId(user)], { sections: ["casino"], consistency }), ([document]) => document)
      yield* log.append(Array.from({ length: 300 }, (_, id) => newEvent(tenant, bet({ user_id: UserId(heavy), unique_id: `${id}` }))))
      assert.nestedPropertyVal(yield* casino(heavy, strong), "casino.EUR.bet_count", 300)
      const store = (yield* ProjectionCatalog).stores.find(({ projection }) => projection.name === "casino")
      if (store === undefined) return yield* Effect.die("it is in the catalog")
      const rebuilding = yield* Effect.forkChild(
        inSteps(rebuildUser({ sql, log }, store, { tenantId: tenant.tenantId, userId: UserId(heavy) }))
      )
      let stale = 0
      for (let id = 0; rebuilding.pollUnsafe() === undefined; id++) {
        yield* log.append([newEvent(tenant, bet({ user_id: UserId(other), unique_id: `${id}` }))])
        assert.nestedPropertyVal(yield* casino(other, strong), "casino.EUR.bet_count", id + 1)
        if ((yield* casino(heavy, { _tag: "Eventual" }))?.stale?.includes("casino") === true) stale++
      }
      assert.isTrue(yield* Fiber.join(rebuilding))
      assert.isAbove(stale, 0)
      assert.nestedPropertyVal(yield* casino(heavy, strong), "casino.EUR.bet_count", 300)
    }))

  it.effect("moves to another zone with the others, also where the change was killed in between", () =>
    Effect.gen(function*() {
      const [sql, log] = [yield* PgClient.PgClient, yield* EventLog]
      const { batches, send, tenant, verified } = yield* setUp("moving", 5)
      yield* send(batches)
      const [before] = yield* verified
      const { stores } = yield* ProjectionCatalog
      const timeZone = "Pacific/Auckland"
      const change = inSteps(changeTimeZone({ sql, log }, stores, { tenantId: tenant.tenantId, timeZone, onProgress: () => Effect.void }))
      const isInSteps = Effect.map(sql`select 1 from parked_users where rebuilt_to > 0`, (rows) => rows.length > 0)
      yield* Effect.raceFirst(change, untilEffect(isInSteps))
      assert.isTrue(yield* isInSteps, "it was killed before the user's steps had ended")
      yield* change
      const [moved] = yield* verified
      assert.notDeepEqual(moved?.["logins"], before?.["logins"])
      assert.deepStrictEqual(yield* sql`select user_id from parked_users where tenant_id = ${tenant.tenantId}::uuid`, [])
    }))

  it.effect("is parked where an event cannot be folded, with the rows of what comes before", () =>
    Effect.gen(function*() {
      const [sql, log, counters] = [yield* PgClient.PgClient, yield* EventLog, yield* Counters]
      const tenant = yield* newTenant("poisoned")
      const user = userInSlice(tenant, 50)
      yield* log.append(Array.from({ length: 60 }, (_, id) => newEvent(tenant, bet({ user_id: UserId(user), unique_id: `${id}` }))))
      const read = (consistency: Parameters<typeof counters.read>[2]["consistency"]) =>
        Effect.map(counters.read(tenant, [UserId(user)], { sections: ["casino"], consistency }), ([document]) => document)
      yield* read(strong)
      const store = (yield* ProjectionCatalog).stores.find(({ projection }) => projection.name === "casino")
      if (store === undefined) return yield* Effect.die("it is in the catalog")
      yield* sql`alter table events disable trigger user`
      const [first] = yield* sql<{ position: bigint }>`
        update events set payload_version = 9 where (slice, position) = (select slice, position from events where user_id = ${user} and slice = 50
          order by position offset 41 limit 1) returning position`
      const owner = { tenantId: tenant.tenantId, userId: UserId(user) }
      assert.isFalse(yield* inSteps(rebuildUser({ sql, log }, store, owner)))
      const stale = yield* read({ _tag: "Eventual" })
      assert.deepStrictEqual(stale?.stale, ["casino"])
      assert.nestedPropertyVal(stale, "casino.EUR.bet_count", 41)
      // The rankings follow at their own pace, and may meet the event too.
      assert.deepStrictEqual(
        yield* sql`select position, rebuilt_to from parked_users where projection = 'casino' and user_id = ${user} and slice = 50`,
        [{
          position: first?.position,
          rebuilt_to: null
        }]
      )
      yield* sql`update events set payload_version = 1 where payload_version = 9`
      assert.isTrue(yield* inSteps(rebuildUser({ sql, log }, store, owner)))
      assert.nestedPropertyVal(yield* read(strong), "casino.EUR.bet_count", 60)
    }))
})
