import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { KnownProjections } from "../../src/cli/projections/KnownProjections.ts"
import { Counters } from "../../src/counters/Counters.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { byCurrency } from "../../src/projections/projection/byCurrency.ts"
import { count } from "../../src/projections/projection/Column.ts"
import type { AnyProjection } from "../../src/projections/projection/Projection.ts"
import * as Projection from "../../src/projections/projection/Projection.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { UserId } from "../../src/values/UserId.ts"
import { runCommand, testSettings } from "../cli/runCommand.ts"
import { everyClient, inEveryDatabase } from "../support/database/everyDatabase.ts"
import { partitionedDatabase } from "../support/database/TestDatabase.ts"
import { bet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"

const columns = { bet_count: count }

/** Bets per currency; each counts as many times as the version says. */
const betsOf = (version: number): AnyProjection =>
  Projection.make({
    name: "bets",
    version,
    events: ["realtime-casino"],
    totals: { key: ["currency"], columns },
    contribute: ({ data }) => [{ currency: data.currency, bet_count: version }],
    section: byCurrency(columns)
  })

const [v1, v2] = [betsOf(1), betsOf(2)]
const users = Array.from({ length: 40 }, (_, index) => `player-${index}`)

const run = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(
    testSettings,
    (settings) => Effect.provideService(runCommand(["projections", ...args], settings), KnownProjections, [v1, v2])
  )

/** What the command printed. */
const succeed = (...args: ReadonlyArray<string>) =>
  Effect.map(run(...args), ({ code, stderr, stdout }) => {
    assert.strictEqual(code, 0, stderr + stdout)
    return stdout.split("\n").slice(0, -1)
  })

/** The states of the two versions. */
const states = Effect.map(succeed("list"), (rows) => rows.slice(1).map((row) => row.split(/ {2,}/)[2]))

/** How many bets each user has made, by the version that is read. */
const counted = Effect.gen(function*() {
  const tenant = yield* (yield* Tenants).get("brand")
  const documents = yield* (yield* Counters).read(tenant, users.map((each) => UserId(each)), {
    sections: ["bets"],
    consistency: { _tag: "Strong", waitSeconds: 10 }
  })
  return documents.map(({ bets }) => (bets as { readonly EUR?: { readonly bet_count: number } }).EUR?.bet_count ?? 0)
})

const withHistory = Layer.effectDiscard(Effect.scoped(Effect.gen(function*() {
  const before = yield* Layer.build(Layer.fresh(testService({ projections: [v1] })))
  yield* Effect.gen(function*() {
    const made = yield* newTenant("brand")
    yield* (yield* EventLog).append(users.map((userId) => newEvent(made, { ...bet(), userId: UserId(userId) })))
    yield* counted
  }).pipe(Effect.provide(before))
})))

/**
 * Has the third partition do something else at the second of two switches: the first is the trial.
 */
const atSwitch = (statement: string) =>
  Effect.gen(function*() {
    const sql = (yield* everyClient)[2] ?? assert.fail()
    yield* sql.unsafe("create sequence switches")
    yield* sql.unsafe(`
      create function at_switch() returns trigger language plpgsql as $$
      begin
        if nextval('switches') = 2 then ${statement}; end if;
        return new;
      end $$`)
    yield* sql.unsafe("create trigger at_switch before update of active_version on projections for each row execute function at_switch()")
    yield* Effect.addFinalizer(() =>
      Effect.orDie(Effect.andThen(sql.unsafe("drop function at_switch cascade"), sql.unsafe("drop sequence switches")))
    )
    return sql
  })

const service = testService({ projections: [v1, v2] }).pipe(Layer.provideMerge(withHistory), Layer.provideMerge(partitionedDatabase(3)))

layer(service, { excludeTestServices: true })("the versions of a log with three partitions", (it) => {
  it.effect("are rebuilt with one progress, and listed and compared as those of one", () =>
    Effect.gen(function*() {
      const total = String(users.length)
      const events = yield* inEveryDatabase((sql) => sql<{ events: number }>`select count(*)::int as events from events`)
      assert.isTrue(events.every(({ events }) => events > 0), "every partition has users")
      assert.deepStrictEqual(yield* states, ["active", "to be rebuilt"])
      const { stderr, stdout } = yield* run("rebuild", "bets")
      assert.match(stdout, new RegExp(`^bets v2 is rebuilt: ${total} of ${total} events`))
      assert.match(stderr, new RegExp(`${total} of ${total} events`))
      // Nothing but the whole is told as the total.
      for (const [, all] of stderr.matchAll(/ of (\d+) events/g)) assert.strictEqual(all, total)
      assert.deepStrictEqual(yield* states, ["active", "following"])
      assert.include(yield* succeed("diff", "bets"), `bets v2 changes ${total} of the ${total} users compared with v1.`)
      assert.deepStrictEqual(yield* succeed("verify", "bets", "--version", "2"), [
        `bets v2: ${total} events of ${total} users verified, 0 users parked, 0 differences`
      ])
    }))

  it.effect("are switched in all partitions or in none", () =>
    Effect.gen(function*() {
      const before = yield* inEveryDatabase((sql) => sql`select active_version, previous_version from projections`)
      yield* atSwitch("raise exception 'not now'")
      const { code, stderr } = yield* run("activate", "bets", "--accept")
      assert.strictEqual(code, 1)
      assert.match(stderr, /not now/)
      assert.deepStrictEqual(yield* inEveryDatabase((sql) => sql`select active_version, previous_version from projections`), before)
      assert.deepStrictEqual(yield* counted, users.map(() => 1))
    }).pipe(Effect.scoped))

  it.effect("whose switch was killed: each partition answers by its own, and the same command goes on", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(Effect.gen(function*() {
        const sql = yield* atSwitch("perform pg_sleep(60)")
        const activating = yield* Effect.forkChild(run("activate", "bets", "--accept"))
        yield* untilEffect(Effect.map(
          sql`select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
          (sleeping) => sleeping.length > 0
        ))
        yield* Fiber.interrupt(activating)
        yield* untilEffect(Effect.map(
          sql`select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
          (sleeping) => sleeping.length === 0
        ))
      }))
      assert.deepStrictEqual(yield* states, ["active for some users", "active for some users"])
      const counts = new Set(yield* counted)
      assert.deepStrictEqual(counts, new Set([1, 2]))
      assert.deepStrictEqual(yield* succeed("activate", "bets", "--accept"), [
        "bets v2 is active. projections rollback bets goes back to v1."
      ])
      assert.deepStrictEqual(yield* counted, users.map(() => 2))
      assert.deepStrictEqual(yield* succeed("rollback", "bets"), ["bets v1 is active again."])
      assert.deepStrictEqual(yield* counted, users.map(() => 1))
    }))
})

/** A log of which one partition has events. */
const withOneUser = Layer.effectDiscard(Effect.scoped(Effect.gen(function*() {
  const before = yield* Layer.build(Layer.fresh(testService({ projections: [v1] })))
  yield* Effect.gen(function*() {
    const made = yield* newTenant("brand")
    yield* (yield* EventLog).append([newEvent(made, { ...bet(), userId: UserId("player-0") })])
  }).pipe(Effect.provide(before))
})))

const oneUser = testService({ projections: [v1, v2] }).pipe(Layer.provideMerge(withOneUser), Layer.provideMerge(partitionedDatabase(3)))

layer(oneUser, { excludeTestServices: true })("a new version of a log with empty partitions", (it) => {
  it.effect("is read nowhere before it is activated", () =>
    Effect.gen(function*() {
      const active = inEveryDatabase((sql) => sql`select active_version from projections`)
      const events = yield* inEveryDatabase((sql) => sql<{ events: number }>`select count(*)::int as events from events`)
      assert.strictEqual(events.filter(({ events }) => events > 0).length, 1)
      assert.deepStrictEqual(yield* active, [1, 2, 3].map(() => ({ active_version: 1 })))
      yield* succeed("rebuild", "bets")
      yield* succeed("activate", "bets", "--accept")
      assert.deepStrictEqual(yield* active, [1, 2, 3].map(() => ({ active_version: 2 })))
    }))
})
