import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { Counters } from "../../src/counters/Counters.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import type { ReadBound } from "../../src/event-log/RecordedEvent.ts"
import { allSlices } from "../../src/event-log/sliceOf.ts"
import type { FastTrackEvent } from "../../src/fasttrack/FastTrackEvent.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { sports } from "../../src/projections/catalog/sports.ts"
import { Caution, leastPortion } from "../../src/projections/feed/Caution.ts"
import { feedChunk } from "../../src/projections/feed/feedChunk.ts"
import type { AnyProjection } from "../../src/projections/projection/Projection.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../src/projections/versions/rebuild.ts"
import { rebuildUser } from "../../src/projections/versions/rebuildUser.ts"
import { verifySlice } from "../../src/projections/versions/verifyProjection.ts"
import { Slice } from "../../src/values/Slice.ts"
import { UserId } from "../../src/values/UserId.ts"
import { seededRandom } from "../oracle/random.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bet } from "../support/events/events.ts"
import { fatBet } from "../support/events/fatBet.ts"
import { newEvent, userInSlice } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"

/** The same rules under the next number: a version that nobody feeds until it is rebuilt. */
const again = (projection: AnyProjection): AnyProjection => ({ ...projection, version: projection.version + 1 })

const ofTenant = (name: string) => newTenant(name)

layer(TestDatabase.layer, { excludeTestServices: true })("a chunk that is cut by bytes", (it) => {
  it.effect("gets on, stays within its bound, and leaves the rows of one that is not cut", () =>
    Effect.gen(function*() {
      const before = yield* Layer.build(Layer.fresh(testService({ projections: [casino, sports] })))
      const random = seededRandom(11)
      const tenant = yield* ofTenant("cut").pipe(Effect.provide(before))
      const users = [0, 1, 2, 3].flatMap((slice) => [userInSlice(tenant, slice), userInSlice(tenant, slice, 1)])
      // Small ones, some that are compressed in their row, and some that are kept outside.
      const events = Array.from({ length: 300 }, (_, id): FastTrackEvent => {
        const user = random.pick(users)
        return random.chance(0.6)
          ? bet({ user_id: UserId(user), unique_id: `${id}` })
          : fatBet(user, `${id}`, random.pick([0, 100, 1_000, 20_000]))
      })
      yield* Effect.gen(function*() {
        const log = yield* EventLog
        for (let at = 0; at < events.length; at += 50) yield* log.append(events.slice(at, at + 50).map((event) => newEvent(tenant, event)))
      }).pipe(Effect.provide(before))

      const after = yield* Layer.build(Layer.fresh(testService({ projections: [casino, sports, again(casino), again(sports)] })))
      yield* Effect.gen(function*() {
        const [sql, log] = [yield* PgClient.PgClient, yield* EventLog]
        const stores = (yield* ProjectionCatalog).stores.filter(({ projection }) => projection.version === 2)
        let fetched = 0
        const watched: EventLog["Service"] = {
          ...log,
          fetch: (withheld, bytes) =>
            Effect.tap(log.fetch(withheld, bytes), (read) =>
              Effect.sync(() => {
                fetched = read.length === 1 ? 0 : read.reduce((sum, { event }) => sum + JSON.stringify(event?.data).length, 0)
              }))
        }
        for (let left: ReadonlyArray<number> = [0, 1, 2, 3]; left.length > 0;) {
          const bound: ReadBound = { events: random.pick([1, 7, 40]), bytes: random.pick([2, 2_000, 20_000, 500_000]) }
          // Each projection alone reads some types, both together others.
          const some = random.chance(0.5) ? stores : [random.pick(stores)]
          fetched = 0
          const fed = yield* feedChunk({ sql, log: watched, stores: some, bound }, left.map((each) => Slice(each)))
          assert.isAtMost(fetched, bound.bytes / 2)
          assert.deepStrictEqual(fed.gaps, [])
          const [row] = yield* sql<{ slices: ReadonlyArray<number> | null }>`
            select array_agg(distinct slice) as slices from checkpoints c join slice_heads h using (slice)
            where version = 2 and c.position < h.position`
          const behind = row?.slices ?? []
          // What is left of a slice that was fed is said to be left.
          if (some === stores) { for (const slice of fed.reached) if (behind.includes(slice)) assert.include(fed.more, slice) }
          left = behind
        }
        for (const store of stores) {
          for (const slice of [0, 1, 2, 3]) assert.deepStrictEqual((yield* verifySlice({ sql, log }, store, Slice(slice))).differences, [])
        }
        const rows = yield* sql<{ version: number; bets: string }>`
          select 1 as version, sum(bet_count) as bets from sports_v1_totals union all select 2, sum(bet_count) from sports_v2_totals order by 1`
        const bets = String(events.filter(({ event }) => event === "realtime-sports-bet").length)
        assert.deepStrictEqual(rows, [{ version: 1, bets }, { version: 2, bets }])
      }).pipe(Effect.provide(after))
    }))
})

layer(testService({ projections: [casino, sports] }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })(
  "an event that cannot be read",
  (it) => {
    /**
     * Makes one user's second bet unreadable, before anybody has fed it, and gives what parks the
     * user.
     */
    const parkedBy = Effect.fnUntraced(
      function*(name: string, slice: number, spoil: (place: { slice: number }) => Effect.Effect<unknown, unknown, PgClient.PgClient>) {
        const [sql, log, counters] = [yield* PgClient.PgClient, yield* EventLog, yield* Counters]
        const tenant = yield* ofTenant(name)
        const [bad, good] = [userInSlice(tenant, slice), userInSlice(tenant, slice, 1)]
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`select 1 from checkpoints where slice = ${slice} for update`
          yield* log.append(
            [
              fatBet(bad, "1", 1),
              fatBet(bad, "2", 1),
              fatBet(bad, "3", 1),
              fatBet(good, "4", 1),
              bet({ user_id: UserId(bad), unique_id: "5" })
            ]
              .map((event) => newEvent(tenant, event))
          )
          yield* sql`alter table events disable trigger user`
          yield* spoil({ slice: Slice(slice) })
          yield* sql`alter table events enable trigger user`
        }))
        const read = (user: string, section: string, consistency: Parameters<typeof counters.read>[2]["consistency"] = strong) =>
          Effect.map(counters.read(tenant, [UserId(user)], { sections: [section], consistency }), ([document]) => document)
        assert.nestedPropertyVal(yield* read(good, "sports"), "sports.EUR.bet_count", 1)
        assert.nestedPropertyVal(yield* read(bad, "casino"), "casino.EUR.bet_count", 1)
        assert.strictEqual((yield* Effect.flip(read(bad, "sports")))._tag, "ProjectionParked")
        const stale = yield* read(bad, "sports", { _tag: "Eventual" })
        assert.deepStrictEqual(stale?.stale, ["sports"])
        // The rows are of what comes before it.
        assert.nestedPropertyVal(stale, "sports.EUR.bet_count", 1)
        const parked = yield* sql<{ projection: string; user_id: string; slice: number; position: bigint; error: string }>`
        select projection, user_id, slice, position, error from parked_users where slice = ${slice}`
        assert.deepStrictEqual(parked.map(({ error: _, ...row }) => row), [{ projection: "sports", user_id: bad, slice, position: 2n }])
        return { bad, tenant, read, error: parked[0]?.error ?? "" }
      }
    )

    it.effect("of a payload version to come parks its user where it stands, until it can be read", () =>
      Effect.gen(function*() {
        const [sql, log] = [yield* PgClient.PgClient, yield* EventLog]
        const { bad, error, read, tenant } = yield* parkedBy("version", 20, ({ slice }) =>
          Effect.flatMap(PgClient.PgClient, (sql) =>
            sql`update events set payload_version = 9 where slice = ${slice} and position = 2`))
        assert.match(error, /^The event at position 2 of slice 20 cannot be read: .*version 9/)
        const store = (yield* ProjectionCatalog).stores.find(({ projection }) =>
          projection === sports
        )
        if (store === undefined) return yield* Effect.die("it is in the catalog")
        const owner = { tenantId: tenant.tenantId, userId: UserId(bad) }
        assert.isFalse(yield* rebuildUser({ sql, log }, store, owner))
        assert.nestedPropertyVal(yield* read(bad, "sports", { _tag: "Eventual" }), "sports.EUR.bet_count", 1)
        assert.deepStrictEqual(yield* sql`select position from parked_users where slice = 20`, [{ position: 2n }])

        yield* sql`alter table events disable trigger user`
        yield* sql`update events set payload_version = 1 where slice = 20 and position = 2`
        assert.isTrue(yield* rebuildUser({ sql, log }, store, owner))
        assert.nestedPropertyVal(yield* read(bad, "sports"), "sports.EUR.bet_count", 3)
      }))

    it.effect("that is too large is left in the database", () =>
      Effect.gen(function*() {
        const { error } = yield* parkedBy("large", 21, ({ slice }) =>
          Effect.flatMap(PgClient.PgClient, (sql) =>
            sql`
              update events set payload = ('{"meta":"' || repeat('a', 34 * 1024 * 1024) || '"}')::json where slice = ${slice} and position = 2`))
        assert.match(error, /payload of 35651595 bytes is larger than the \d+ that a reader takes/)
      }))

    it.effect("that would take too much memory is not parsed", () =>
      Effect.gen(function*() {
        const { error } = yield* parkedBy("wide", 22, ({ slice }) =>
          Effect.flatMap(PgClient.PgClient, (sql) =>
            sql`
              update events set payload = ('{"bets":[{"outcomes":[' || repeat('{},', 3333333) || '{}]}]}')::json
              where slice = ${slice} and position = 2`))
        assert.match(error, /payload of 10000027 bytes would take more than the 192 MiB of memory/)
      }))

    it.effect("is no matter to a rebuild, which parks its user and ends", () =>
      Effect.gen(function*() {
        const service = yield* Layer.build(Layer.fresh(testService({ projections: [casino, sports, again(sports)] })))
        yield* Effect.gen(function*() {
          const [sql, log] = [yield* PgClient.PgClient, yield* EventLog]
          const store = (yield* ProjectionCatalog).stores.find(({ projection }) => projection.version === 2)
          if (store === undefined) return yield* Effect.die("it is in the catalog")
          const { done, total } = yield* rebuild({ sql, log }, [store], { slices: allSlices, onProgress: () => Effect.void })
          assert.strictEqual(done, total)
          const parked = yield* sql`select slice, position from parked_users where version = 2 order by slice`
          assert.deepStrictEqual(parked, [{ slice: 21, position: 2n }, { slice: 22, position: 2n }])
          for (const slice of [20, 21, 22]) {
            const { differences, parked } = yield* verifySlice({ sql, log }, store, Slice(slice))
            assert.deepStrictEqual([differences, parked], [[], slice === 20 ? 0 : 1])
          }
        }).pipe(Effect.provide(service))
      }))
  }
)

const tried: Array<string> = []
const caution: Caution = {
  portion: leastPortion,
  condemned: new Set(["30/2"]),
  suspect: (place) => place === undefined ? 0 : tried.push(`${place.slice}/${place.position}`),
  oneAtATime: Semaphore.makeUnsafe(1)
}
layer(
  testService({ projections: [casino, sports] }).pipe(
    Layer.provide(Layer.succeed(Caution, caution)),
    Layer.provideMerge(TestDatabase.layer)
  ),
  { excludeTestServices: true }
)("a runner that is most careful", (it) => {
  it.effect("tries each event alone and says which, and parks the users of those that are condemned", () =>
    Effect.gen(function*() {
      const [sql, log, counters] = [yield* PgClient.PgClient, yield* EventLog, yield* Counters]
      const tenant = yield* ofTenant("careful")
      const [bad, good, other] = [userInSlice(tenant, 30), userInSlice(tenant, 30, 1), userInSlice(tenant, 31)]
      const events = [
        fatBet(good, "1", 1),
        fatBet(bad, "2", 1),
        bet({ user_id: UserId(bad), unique_id: "3" }),
        fatBet(good, "4", 1),
        fatBet(other, "5", 1)
      ]
      yield* log.append(events.map((event) => newEvent(tenant, event)))
      const read = (user: string, section: string) =>
        Effect.map(counters.read(tenant, [UserId(user)], { sections: [section], consistency: strong }), ([document]) => document)
      assert.nestedPropertyVal(yield* read(good, "sports"), "sports.EUR.bet_count", 2)
      assert.nestedPropertyVal(yield* read(other, "sports"), "sports.EUR.bet_count", 1)
      assert.nestedPropertyVal(yield* read(bad, "casino"), "casino.EUR.bet_count", 1)
      assert.strictEqual((yield* Effect.flip(read(bad, "sports")))._tag, "ProjectionParked")
      assert.deepStrictEqual(yield* sql`select projection, user_id, position from parked_users`, [
        { projection: "sports", user_id: bad, position: 2n }
      ])
      assert.sameMembers(tried, ["30/1", "30/2", "30/3", "30/4", "31/1"])
    }))
})
