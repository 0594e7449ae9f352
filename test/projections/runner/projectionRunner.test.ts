import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { isDeepStrictEqual } from "node:util"
import { Counters } from "../../../src/counters/Counters.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { count, greatest, latest, text } from "../../../src/projections/projection/Column.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"
import { ProjectionRunner, RunnerPatience } from "../../../src/projections/runner/ProjectionRunner.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { strong } from "../../support/service/strong.ts"
import { testService } from "../../support/service/TestService.ts"
import { until, untilEffect } from "../../support/time/until.ts"

/**
 * Counts bets, fails on a game named "poison" and keeps the longest game's name in a column too
 * narrow for everybody.
 */
const fragile = Projection.make({
  name: "fragile",
  version: 1,
  events: ["realtime-casino"],
  totals: { key: ["game"], columns: { bets: count, biggest: greatest } },
  contribute: ({ data }) => {
    if (data.game_id === "poison") throw new Error("cannot fold poison")
    return [{ game: data.game_id === "unstorable" ? "un\0storable" : data.game_id, bets: 1, biggest: data.amount }]
  },
  section: {
    schema: Schema.Unknown,
    present: (rows) => Object.fromEntries(rows.map((row) => [String(row["game"]), row["bets"]]))
  }
})

/** Remembers per round which bets it had; asks for a second row that no key hint names. */
const chained = Projection.make({
  name: "chained",
  version: 1,
  events: ["realtime-casino"],
  entities: {
    chained: { key: ["bet"], columns: { next: text } },
    last: { key: [], columns: { bet: text } }
  },
  keys: () => [["last"]],
  fold: ({ data }, { chained, last }) => {
    const latest = last()
    if (latest.bet !== null) chained(latest.bet).next = data.unique_id
    latest.bet = data.unique_id
  },
  section: {
    schema: Schema.Unknown,
    present: (rows) => Object.fromEntries(rows.flatMap((row) => "next" in row ? [[row.bet, row.next]] : []))
  }
})

/** Looks up rows by a key that the database refuses, if a game is named so. */
const unaskable = Projection.make({
  name: "unaskable",
  version: 1,
  events: ["realtime-casino"],
  entities: { games: { key: ["game"], columns: { bet: text } } },
  keys: ({ data }) => data.game_id === "hinted" ? [["games", "hin\0ted"]] : [],
  fold: ({ data }, { games }) => {
    games(data.game_id === "unhinted" ? "unhin\0ted" : data.game_id).bet = data.unique_id
  },
  section: { schema: Schema.Unknown, present: (rows) => rows.map(({ game }) => game) }
})

const betOn = (userId: string, id: string, game: string) => {
  const event = bet({ user_id: userId, unique_id: id })
  return { ...event, data: { ...event.data, game_id: game } } as typeof event
}

layer(testService({ projections: [fragile, chained, unaskable] }).pipe(Layer.provideMerge(TestDatabase.layer)), {
  excludeTestServices: true
})(
  "ProjectionRunner",
  (it) => {
    it.effect("parks the user whose fold fails and stops nobody else", () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const counters = yield* Counters
        const tenant = yield* newTenant()
        const [good, bad] = [userInSlice(tenant, 9), userInSlice(tenant, 9, 1)]
        yield* log.append([
          newEvent(tenant, betOn(good, "1", "slots")),
          newEvent(tenant, betOn(bad, "2", "poison")),
          newEvent(tenant, betOn(good, "3", "slots"))
        ])
        const options = { sections: ["fragile"], consistency: strong }
        const [document] = yield* counters.read(tenant, [UserId(good)], options)
        assert.deepStrictEqual(document?.["fragile"], { slots: 2 })
        const error = yield* Effect.flip(counters.read(tenant, [UserId(bad)], options))
        assert.strictEqual(error._tag, "ProjectionParked")
        const [stale] = yield* counters.read(tenant, [UserId(bad)], { ...options, consistency: { _tag: "Eventual" } })
        assert.deepStrictEqual(stale?.stale, ["fragile"])
        // What follows is left alone: folding it without the poisoned event would be a number that
        // is nobody's.
        yield* log.append([newEvent(tenant, betOn(bad, "4", "slots")), newEvent(tenant, betOn(good, "5", "dice"))])
        const [after] = yield* counters.read(tenant, [UserId(good)], options)
        assert.deepStrictEqual(after?.["fragile"], { dice: 1, slots: 2 })
        const [still] = yield* counters.read(tenant, [UserId(bad)], { ...options, consistency: { _tag: "Eventual" } })
        assert.deepStrictEqual(still?.["fragile"], {})
        const sql = yield* PgClient.PgClient
        const parked = yield* sql`select user_id, position from parked_users`
        assert.deepStrictEqual(parked, [{ user_id: bad, position: 2n }])
      }))

    it.effect("parks the user whose rows the database refuses, and writes everybody else's", () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const counters = yield* Counters
        const tenant = yield* newTenant()
        const users = Array.from({ length: 5 }, (_, index) => userInSlice(tenant, 10, index))
        const [bad, ...good] = users
        yield* log.append(users.map((user, index) => newEvent(tenant, betOn(user, `${index}`, user === bad ? "unstorable" : "slots"))))
        const documents = yield* counters.read(tenant, good.map((each) => UserId(each)), { sections: ["fragile"], consistency: strong })
        assert.deepStrictEqual(documents.map((document) => document["fragile"]), good.map(() => ({ slots: 1 })))
        const error = yield* Effect.flip(
          counters.read(tenant, users.map((each) => UserId(each)), { sections: ["fragile"], consistency: strong })
        )
        assert.strictEqual(error._tag, "ProjectionParked")
      }))

    it.effect("parks the user whose rows cannot even be looked up, and nobody else, in this projection alone", () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const counters = yield* Counters
        const tenant = yield* newTenant()
        const users = Array.from({ length: 5 }, (_, index) => userInSlice(tenant, 11, index))
        const games = ["slots", "hinted", "dice", "unhinted", "slots"]
        // In a slice that has nothing yet, nothing is looked up.
        yield* log.append([newEvent(tenant, betOn(userInSlice(tenant, 11, 5), "first", "slots"))])
        yield* counters.read(tenant, [UserId(userInSlice(tenant, 11, 5))], { sections: ["unaskable"], consistency: strong })
        yield* log.append(users.map((user, index) => newEvent(tenant, betOn(user, `${index}`, games[index] ?? ""))))
        const good = users.filter((_, index) => index % 2 === 0)
        const documents = yield* counters.read(tenant, good.map((each) => UserId(each)), { sections: ["unaskable"], consistency: strong })
        assert.deepStrictEqual(documents.map((document) => document["unaskable"]), [["slots"], ["dice"], ["slots"]])
        for (const user of users.filter((_, index) => index % 2 === 1)) {
          const error = yield* Effect.flip(counters.read(tenant, [UserId(user)], { sections: ["unaskable"], consistency: strong }))
          assert.strictEqual(error._tag, "ProjectionParked")
        }
        const others = yield* counters.read(tenant, users.map((each) => UserId(each)), { sections: ["fragile"], consistency: strong })
        assert.deepStrictEqual(others.map((document) => document["fragile"]), games.map((game) => ({ [game]: 1 })))
      }))

    it.effect("feeds what somebody waits for beside a chunk that takes long", () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const sql = yield* PgClient.PgClient
        const counters = yield* Counters
        const tenant = yield* newTenant()
        // Slices of the same worker.
        const [slow, wanted] = [userInSlice(tenant, 30), userInSlice(tenant, 33)]
        const read = (user: string) =>
          Effect.map(counters.read(tenant, [UserId(user)], { sections: ["fragile"], consistency: strong }), ([document]) =>
            document?.["fragile"])
        yield* log.append([newEvent(tenant, betOn(slow, "1", "slots"))])
        // By the worker whose slices they are: it has none of them in hand then.
        const isFed = counters.read(tenant, [UserId(slow)], { sections: ["fragile"], consistency: { _tag: "Eventual" } })
        yield* untilEffect(
          Effect.map(isFed, ([document]) =>
            isDeepStrictEqual(document?.["fragile"], { slots: 1 }))
        )
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`select from fragile_v1_totals where user_id = ${slow} and tenant_id = ${tenant.tenantId}::uuid for update`
          yield* log.append([newEvent(tenant, betOn(slow, "2", "slots"))])
          const isHeldUp = Effect.map(
            sql<{ pids: ReadonlyArray<number> }>`
              select array_agg(pid) as pids from pg_stat_activity
              where datname = current_database() and pg_backend_pid() = any (pg_blocking_pids(pid))`,
            ([row]) => row?.pids !== null
          )
          yield* untilEffect(isHeldUp)
          yield* log.append([newEvent(tenant, betOn(wanted, "1", "dice"))])
          assert.deepStrictEqual(yield* read(wanted), { dice: 1 })
          assert.isTrue(yield* isHeldUp)
        }))
        assert.deepStrictEqual(yield* read(slow), { slots: 2 })
      }))

    it.effect("loads what a fold asks for, hinted or not, in one chunk and across chunks", () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const counters = yield* Counters
        const tenant = yield* newTenant()
        const options = { sections: ["chained"], consistency: strong }
        yield* log.append(["a", "b", "c"].map((id) => newEvent(tenant, bet({ user_id: "player", unique_id: id }))))
        yield* counters.read(tenant, [UserId("player")], options)
        yield* log.append([newEvent(tenant, bet({ user_id: "player", unique_id: "d" }))])
        const [document] = yield* counters.read(tenant, [UserId("player")], options)
        assert.deepStrictEqual(document?.["chained"], { a: "b", b: "c", c: "d" })
      }))
  }
)

layer(TestDatabase.layer, { excludeTestServices: true })("ProjectionRunners on one database", (it) => {
  it.effect("feed each event once, whoever starts, stops and is cut off meanwhile", () =>
    Effect.gen(function*() {
      const main = yield* Layer.build(Layer.fresh(testService()))
      const tenant = yield* newTenant().pipe(Effect.provide(main))
      const log = Context.get(main, EventLog)
      const users = Array.from({ length: 30 }, (_, index) => `player-${index}`)
      const writing = Effect.forEach(
        Array.from({ length: 60 }, (_, batch) => batch),
        (batch) => log.append(users.map((user) => newEvent(tenant, bet({ user_id: user, unique_id: `${batch}`, amount: "1" })))),
        { discard: true }
      )
      // Others come and go, one gracefully, one by losing all its connections in the middle of its
      // chunks.
      const disturbing = Effect.forEach(Array.from({ length: 6 }, (_, index) => index), () =>
        Effect.gen(function*() {
          const scope = yield* Scope.make()
          yield* Layer.buildWithScope(Layer.fresh(testService()), scope)
          const sql = Context.get(main, PgClient.PgClient)
          yield* sql`
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and application_name = 'playtally'`
          yield* Scope.close(scope, Exit.void)
        }).pipe(Effect.retry(Schedule.recurs(20))), { discard: true })
      yield* Effect.all([writing, disturbing], { concurrency: "unbounded" })
      const counters = Context.get(main, Counters)
      const read = counters.read(tenant, users.map((each) => UserId(each)), { sections: ["casino"], consistency: strong })
      const documents = yield* Effect.retry(read, Schedule.recurs(20))
      const bets = documents.map(({ casino }) => (casino as { EUR: { bet_count: number; bet_amount: string } }).EUR)
      assert.deepStrictEqual(bets.map(({ bet_amount, bet_count }) => [bet_count, bet_amount]), users.map(() => [60, "60"]))
    }), 60_000)

  it.effect("let a slice with a hole stand still, say so, and go on with the others, and with that one once it is mended", () =>
    Effect.gen(function*() {
      const main = yield* Layer.build(Layer.fresh(testService({ projections: catalog.slice(0, 1) })))
      const tenant = yield* newTenant().pipe(Effect.provide(main))
      const sql = Context.get(main, PgClient.PgClient)
      const log = Context.get(main, EventLog)
      const [user, other] = [userInSlice(tenant, 33), userInSlice(tenant, 35)]
      yield* sql`update slice_heads set position = position + 1 where slice = 33`
      yield* log.append([user, other].map((userId) => newEvent(tenant, bet({ user_id: userId, unique_id: "after the hole" }))))
      const counters = Context.get(main, Counters)
      const read = (userId: string, waitSeconds = 1) =>
        counters.read(tenant, [UserId(userId)], { sections: ["casino"], consistency: { _tag: "Strong", waitSeconds } })
      assert.strictEqual((yield* Effect.flip(read(user)))._tag, "ProjectionBehind")
      assert.strictEqual((yield* Effect.flip(read(user, 0)))._tag, "ProjectionBehind")
      const status = Context.get(main, ProjectionRunner).status
      assert.deepStrictEqual(status().gaps.map(({ slice }) => slice), [33])
      assert.isTrue(status().running)
      assert.strictEqual((yield* read(other)).length, 1)
      // What has been counted takes no waiting.
      assert.strictEqual((yield* read(other, 0)).length, 1)
      // Nobody reads it strongly, which would have it looked at: the runner finds out by itself.
      yield* sql`alter table events disable trigger user`
      // Others may have events in the slice before the hole.
      const [mended] = yield* sql<{ position: bigint }>`
        update events set position = position - 1
        where slice = 33 and position = (select position from slice_heads where slice = 33) returning position`
      yield* sql`update slice_heads set position = position - 1 where slice = 33`
      yield* untilEffect(Effect.map(
        sql<{ position: bigint }>`select position from checkpoints where slice = 33 and projection = ${catalog[0]?.name ?? ""}`,
        ([checkpoint]) => checkpoint?.position === mended?.position
      ))
      yield* until(() => status().gaps.length === 0)
      const [document] = yield* read(user)
      assert.nestedPropertyVal(document, "casino.EUR.bet_count", 1)
    }))
})

/** Ranks by bets. */
const ranked = Projection.make({
  name: "ranked",
  version: 1,
  events: ["realtime-casino"],
  totals: { key: ["board"], columns: { bets: count, last_at: latest } },
  ranking: { score: "bets", reachedAt: "last_at" },
  contribute: ({ occurredAt }) => [{ board: "bets", bets: 1, last_at: occurredAt }],
  section: { schema: Schema.Unknown, present: () => null },
  separateDocument: true
})

layer(testService({ projections: [ranked] }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })(
  "the rankings of a player with very many events",
  (it) => {
    it.effect("follow without a rest, and others in between", () =>
      Effect.gen(function*() {
        const [sql, log, runner] = [yield* PgClient.PgClient, yield* EventLog, yield* ProjectionRunner]
        const tenant = yield* newTenant()
        const [heavy, other] = [userInSlice(tenant, 60), userInSlice(tenant, 61)]
        yield* until(() => runner.status().versions.includes("ranked v1"))
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`select 1 from checkpoints for update`
          for (let id = 0; id < 21_000; id += 3_000) {
            yield* log.append(
              Array.from({ length: 3_000 }, (_, nth) => newEvent(tenant, bet({ user_id: heavy, unique_id: `${id + nth}` })))
            )
          }
        }))
        const started = yield* Clock.currentTimeMillis
        runner.feedNow([Slice(60)], ["ranked"])
        const bets = (user: string) =>
          Effect.map(sql<{ bets: bigint }>`select bets from ranked_totals where user_id = ${user}`, ([row]) => Number(row?.bets ?? 0))
        yield* untilEffect(Effect.map(bets(heavy), (bets) => bets >= 4_000))
        // Asked of nobody: it is seen by the next sweep, which comes before the heavy player's last
        // event.
        yield* log.append([newEvent(tenant, bet({ user_id: other, unique_id: "1" }))])
        yield* untilEffect(Effect.map(bets(heavy), (bets) => bets === 21_000))
        assert.strictEqual(yield* bets(other), 1)
        // Six sweeps, which rest for five seconds each where nobody asks and nothing is left.
        assert.isBelow((yield* Clock.currentTimeMillis) - started, 20_000)
      }))
  }
)

layer(
  testService({ projections: [fragile] }).pipe(
    Layer.provide(Layer.succeed(RunnerPatience, 2_000)),
    Layer.provideMerge(TestDatabase.layer)
  ),
  { excludeTestServices: true }
)("a runner whose chunks fail", (it) => {
  it.effect("says that it is not running until they succeed again, and counts everything then", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const runner = yield* ProjectionRunner
      const tenant = yield* newTenant()
      const user = userInSlice(tenant, 12)
      yield* until(() => runner.status().running)
      yield* sql`alter table fragile_v1_totals rename to hidden`
      yield* log.append([newEvent(tenant, betOn(user, "1", "slots"))])
      yield* until(() => !runner.status().running)
      yield* sql`alter table hidden rename to fragile_v1_totals`
      yield* until(() => runner.status().running)
      const [document] = yield* (yield* Counters).read(tenant, [UserId(user)], { sections: ["fragile"], consistency: strong })
      assert.deepStrictEqual(document?.["fragile"], { slots: 1 })
    }))
})
