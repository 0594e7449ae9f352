import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Counters } from "../../../src/counters/Counters.ts"
import { arrayOf } from "../../../src/database/arrayOf.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { ProjectionRunner } from "../../../src/projections/runner/ProjectionRunner.ts"
import { ThreadLimits, ThreadSilence } from "../../../src/projections/runner/ProjectionThreads.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { rebuildUser } from "../../../src/projections/versions/rebuildUser.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { fatBet } from "../../support/events/fatBet.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { threadedTestService } from "../../support/service/TestService.ts"

const entry = new URL("../../../src/thread.ts", import.meta.url)
const strong = { _tag: "Strong", waitSeconds: 150 } as const
const database = TestDatabase.layerOfOne("so small a heap has room for one partition")

layer(
  threadedTestService(entry).pipe(
    // Deno says nothing of a thread that has died.
    Layer.provide(Layer.succeed(ThreadSilence, 10)),
    Layer.provide(Layer.succeed(ThreadLimits, { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 })),
    Layer.provideMerge(database)
  ),
  { excludeTestServices: true }
)("a projections' thread with a small heap", (it) => {
  it.effect(
    "dies of an event, is started again more careful, parks its user and feeds everybody else",
    () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const sql = yield* PgClient.PgClient
        const counters = yield* Counters
        const tenant = yield* newTenant("small")
        const [fat, neighbour, other] = [userInSlice(tenant, 7), userInSlice(tenant, 7, 1), userInSlice(tenant, 8)]
        yield* log.append([
          newEvent(tenant, bet({ user_id: neighbour, unique_id: "1" })),
          newEvent(tenant, fatBet(fat, "fat", 1_350_000)),
          ...[neighbour, fat, other].map((user) => newEvent(tenant, bet({ user_id: user, unique_id: "2" })))
        ])
        const read = (user: string, section: string) => counters.read(tenant, [UserId(user)], { sections: [section], consistency: strong })
        const bets = Effect.forEach(
          [neighbour, other, fat],
          (user) => Effect.map(read(user, "casino"), ([document]) => document?.["casino"])
        )
        assert.deepStrictEqual(
          (yield* bets).map((casino) => (casino as { EUR: { bet_count: number } }).EUR.bet_count),
          [2, 1, 1]
        )
        assert.strictEqual((yield* Effect.flip(read(fat, "sports")))._tag, "ProjectionParked")
        const parked = yield* sql<{ projection: string; user_id: string; slice: number; position: bigint }>`
        select projection, user_id, slice, position from parked_users order by projection`
        assert.includeMembers(parked.map(({ projection }) => projection), ["activity", "sports"])
        for (const { position, slice, user_id } of parked) assert.deepStrictEqual([user_id, slice, position], [fat, 7, 2n])

        // This process has more memory, and takes the user back.
        for (const store of (yield* ProjectionCatalog).stores) {
          assert.isTrue(yield* rebuildUser({ sql, log }, store, { tenantId: tenant.tenantId, userId: UserId(fat) }))
        }
        const [document] = yield* read(fat, "sports")
        assert.nestedPropertyVal(document, "sports.EUR.bet_count", 1)
      }),
    180_000
  )
})

/** What takes longer is for `npm run test:faults`. */
const isThorough = process.env["FAULTS"] !== undefined

const mute = new URL("./muteThread.ts", import.meta.url)
const folder = mkdtempSync(join(tmpdir(), "playtally-thread-"))
afterAll(() => rmSync(folder, { recursive: true }))
const fellSilent = join(folder, "silent")
process.env["MUTE_THREAD"] = fellSilent
layer(
  threadedTestService(mute).pipe(Layer.provide(Layer.succeed(ThreadSilence, 4)), Layer.provideMerge(database)),
  { excludeTestServices: true }
)("a thread that says nothing", (it) => {
  it.effect.runIf(isThorough)("is ended and started again, with smaller chunks", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      const counters = yield* Counters
      const tenant = yield* newTenant("mute")
      const users = Array.from({ length: 20 }, (_, index) => userInSlice(tenant, index))
      yield* log.append(users.map((user) => newEvent(tenant, bet({ user_id: user, unique_id: "1" }))))
      const documents = yield* counters.read(tenant, users.map((each) => UserId(each)), { sections: ["casino"], consistency: strong })
      assert.strictEqual(documents.length, users.length)
      assert.strictEqual(readFileSync(fellSilent, "utf8"), "1 0.015625 ")
    }))
})

const backlogs = [
  // As large, and with as many values, as an event may be.
  { what: "5,000 events of 256 KiB", events: 5_000, objects: 9_900, object: { a: "seventeen letters" } },
  // As an older release has stored them.
  { what: "40 events of 4 MiB, all of empty objects", events: 40, objects: 1_390_000, object: {} }
]
for (const { events, object, objects, what } of backlogs) {
  layer(threadedTestService(entry).pipe(Layer.provideMerge(database)), { excludeTestServices: true })(
    "the projections' thread",
    (it) => {
      it.effect.runIf(isThorough)(`survives a backlog of ${what}`, () =>
        Effect.gen(function*() {
          const log = yield* EventLog
          const sql = yield* PgClient.PgClient
          const runner = yield* ProjectionRunner
          const tenant = yield* newTenant("fat")
          const users = Array.from({ length: 16 }, (_, index) => userInSlice(tenant, index))
          const started = performance.now()
          // Held back until all is there.
          yield* sql.withTransaction(Effect.gen(function*() {
            yield* sql`select 1 from checkpoints for update`
            const [first] = users
            yield* log.append([newEvent(tenant, fatBet(first ?? "", "0", objects, object))])
            yield* sql`alter table events disable trigger user`
            yield* sql`set local statement_timeout = 0`
            const pieces = Array.from({ length: Math.ceil(events / 200) }, (_, piece) => piece * 200)
            yield* Effect.forEach(pieces, (from) =>
              sql`
              insert into events (position, occurred_at, recorded_at, tenant_id, idempotency_key, slice, payload_version, event_type, user_id, payload)
              select (n - 1) / ${users.length} + 1, e.occurred_at, e.recorded_at, e.tenant_id, gen_random_uuid(), u.nth - 1, 1, e.event_type, u.name,
                replace(e.payload::text, '"activity_id":"0"', '"activity_id":"' || n || '"')::json
              from generate_series(greatest(2, ${from} + 1), least(${events}, ${from} + 200)) as n
              join unnest(${arrayOf.text(users)}::text[]) with ordinality as u (name, nth) on u.nth = (n - 1) % ${users.length} + 1
              cross join (select * from events where slice = 0 and position = 1) as e`, { discard: true })
            yield* sql`
            update slice_heads as h set position = e.position
            from (select slice, max(position) as position from events group by slice) as e where e.slice = h.slice`
          }))
          const filled = performance.now()
          const behind = sql<{ left: bigint }>`
          select sum(h.position - c.position) as left from checkpoints c join slice_heads h using (slice)`
          yield* Effect.repeat(Effect.andThen(Effect.sleep("500 millis"), behind), { until: ([row]) => Number(row?.left) === 0 })
          assert.isTrue(runner.status().running)
          assert.deepStrictEqual(yield* sql`select user_id from parked_users`, [])
          const [counted] = yield* sql<{ bets: bigint }>`select sum(bet_count) as bets from sports_totals`
          assert.strictEqual(Number(counted?.bets), events)
          // oxlint-disable-next-line no-console
          console.log(
            `${what}: filled in ${Math.round((filled - started) / 1000)} s, fed in ${Math.round((performance.now() - filled) / 1000)} s, ` +
              `resident ${Math.round(process.memoryUsage.rss() / 1e6)} MB`
          )
        }), 900_000)
    }
  )
}
