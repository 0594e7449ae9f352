import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { randomBytes } from "node:crypto"
import { Counters } from "../../../src/counters/Counters.ts"
import { AppendClient } from "../../../src/database/AppendClient.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { byCurrency } from "../../../src/projections/projection/byCurrency.ts"
import { amount, count } from "../../../src/projections/projection/Column.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"
import { activateVersion } from "../../../src/projections/versions/activateVersion.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../../src/projections/versions/rebuild.ts"
import { slicesWithEvents } from "../../../src/projections/versions/slicesWithEvents.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { testService } from "../../support/service/TestService.ts"
import { slowness } from "../../support/time/slowness.ts"
import { untilEffect } from "../../support/time/until.ts"

const all = { bets: count, staked: amount, spins: count }
const fewer = { bets: count, spins: amount }

const first = Projection.make({
  name: "stakes",
  version: 1,
  events: ["realtime-casino"],
  totals: { key: ["currency"], columns: all },
  contribute: ({ data }) => [{ currency: data.currency, bets: 1, staked: data.amount, spins: 1 }],
  section: byCurrency(all)
})

/** Lacks a column, and has another kind under the name of one. */
const second = Projection.make({
  name: "stakes",
  version: 2,
  events: ["realtime-casino"],
  totals: { key: ["currency"], columns: fewer },
  contribute: ({ data }) => [{ currency: data.currency, bets: 1, spins: "0.5" }],
  section: byCurrency(fewer)
})

/** A log with an event, the first version active, the second rebuilt. */
const prepared = Effect.gen(function*() {
  const before = yield* Layer.build(Layer.fresh(testService({ projections: [first] })))
  const log = Context.get(before, EventLog)
  const tenant = yield* Context.get(before, Tenants).create("views", "UTC")
  yield* log.append([newEvent(tenant, bet({ user_id: "player", unique_id: "a" }))])
  yield* Context.get(before, Counters).read(tenant, [UserId("player")], {
    sections: ["stakes"],
    consistency: { _tag: "Strong", waitSeconds: 10 }
  })
  const after = yield* Layer.build(Layer.fresh(testService({ projections: [first, second] })))
  const sql = Context.get(after, PgClient.PgClient)
  const [one, two] = Context.get(after, ProjectionCatalog).stores
  if (one === undefined || two === undefined) return yield* Effect.die("there are two")
  yield* rebuild({ sql, log }, [two], { slices: yield* slicesWithEvents(sql), onProgress: () => Effect.void })
  return { sql, one, two, other: Context.get(after, AppendClient) }
})

const database = TestDatabase.layerOfOne("a version's views are of one database")

layer(database, { excludeTestServices: true })("views with other columns", (it) => {
  it.effect("are remade when asked to, with all grants, unless something depends on them", () =>
    Effect.gen(function*() {
      const { one, sql, two } = yield* prepared
      const activate = (store: typeof two, replaceViews: boolean) => activateVersion(sql, store, { withParked: false, replaceViews })
      const refusal = (replaceViews: boolean) =>
        Effect.map(Effect.flip(activate(two, replaceViews)), (error) => {
          assert.strictEqual(error._tag === "ActivationRefused" && error.reason, "ViewsInTheWay")
          return error.message
        })
      const shown = sql`select * from stakes_totals`
      const before = yield* shown

      // Names that have to be quoted, for a role and for a view.
      const [reader, writer] = ["Reader", "writer"].map((name) => `${name} ${randomBytes(4).toString("hex")}`)
      for (const role of [reader, writer]) {
        yield* Effect.acquireRelease(
          sql.unsafe(`create role "${role}"`).unprepared,
          () => Effect.orDie(Effect.andThen(sql.unsafe(`drop owned by "${role}"`).unprepared, sql.unsafe(`drop role "${role}"`).unprepared))
        )
      }
      yield* sql.unsafe(`grant select on stakes_totals to "${reader}" with grant option`).unprepared
      yield* sql.unsafe(`grant select (bets), update (staked) on stakes_totals to "${writer}"`).unprepared
      yield* sql.unsafe(`grant select on stakes_totals to public`).unprepared
      yield* sql`create view "My report" as select user_id, staked from stakes_totals`.unprepared
      yield* sql`create materialized view kept as select bets from stakes_totals`.unprepared
      const grants = sql<{ acl: string; columns: string }>`
        select array(select a::text from unnest(relacl) a order by 1)::text as acl,
          array(select attname || attacl::text from pg_attribute where attrelid = c.oid and attacl is not null order by 1)::text as columns
        from pg_class c where oid = 'stakes_totals'::regclass`
      const [granted] = yield* grants

      assert.match(
        yield* refusal(false),
        /^stakes v2 has other columns than the view stakes_totals\. These depend on the view: "My report", kept\.$/
      )
      assert.match(yield* refusal(true), /These depend on the view: "My report", kept\.$/)
      yield* sql`drop view "My report"`.unprepared
      assert.match(yield* refusal(true), /These depend on the view: kept\.$/)
      yield* sql`drop materialized view kept`.unprepared
      assert.match(yield* refusal(false), /^stakes v2 has other columns than the view stakes_totals\.$/)
      assert.deepStrictEqual(yield* shown, before)

      yield* activate(two, true)
      const [row] = yield* shown
      assert.deepInclude(row, { bets: 1n, spins: "0.5" })
      assert.notProperty(row, "staked")
      const [kept] = yield* grants
      assert.strictEqual(kept?.acl, granted?.acl)
      assert.include(kept?.acl, "=r/")
      assert.match(String(kept?.columns), /^\{"?bets/)
      assert.notInclude(kept?.columns, "staked")

      // And back again.
      assert.strictEqual((yield* Effect.flip(activate(one, false)))._tag, "ActivationRefused")
      yield* activate(one, true)
      assert.deepStrictEqual(yield* shown, before)
      assert.deepStrictEqual((yield* grants)[0]?.acl, granted?.acl)
    }))

  it.effect("wait for a reader, but not so long that others wait behind them, and try again", () =>
    Effect.gen(function*() {
      const { other, sql, two } = yield* prepared
      const reading = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const reader = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
        yield* sql`select 1 from stakes_totals`
        yield* Deferred.succeed(reading, undefined)
        yield* Deferred.await(release)
      })))
      yield* Deferred.await(reading)
      const activating = yield* Effect.forkChild(activateVersion(sql, two, { withParked: false, replaceViews: true }))
      /** Transactions that wait for a lock, by when they began. */
      const waiting = Effect.map(
        other<{ began: string }>`
          select xact_start::text as began from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and state = 'active'`,
        (rows) => rows.map(({ began }) => began)
      )
      yield* untilEffect(Effect.map(waiting, (found) => found.length > 0))
      const [attempt] = yield* waiting
      const asked = yield* Clock.currentTimeMillis
      // Whoever comes now is let through as soon as this attempt is given up.
      yield* other`select 1 from stakes_totals`
      assert.isBelow((yield* Clock.currentTimeMillis) - asked, 4000 * slowness())
      yield* untilEffect(Effect.map(waiting, (found) => found.some((began) => began !== attempt)))
      assert.isUndefined(activating.pollUnsafe())
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(reader)
      yield* Fiber.join(activating)
      assert.deepInclude((yield* sql`select * from stakes_totals`)[0], { spins: "0.5" })
    }).pipe(Effect.provide(Layer.fresh(database))))
})
