import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { BoardSelection } from "../../src/counters/boardSelection.ts"
import { Changes } from "../../src/counters/changes/Changes.ts"
import { Counters } from "../../src/counters/Counters.ts"
import { Explanation } from "../../src/counters/history/Explanation.ts"
import { Leaderboards } from "../../src/counters/Leaderboards.ts"
import { Users } from "../../src/counters/Users.ts"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { userRef } from "../../src/event-log/pseudonym.ts"
import { sliceOf } from "../../src/event-log/sliceOf.ts"
import { Partitions } from "../../src/partitions/Partitions.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { leaderboards } from "../../src/projections/catalog/leaderboards.ts"
import type { AnyProjection } from "../../src/projections/projection/Projection.ts"
import { wrongBuckets } from "../../src/projections/tables/readRanking.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { userTables } from "../../src/projections/versions/userTables.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { known } from "../../src/values/known.ts"
import { Slice } from "../../src/values/Slice.ts"
import type { TenantId } from "../../src/values/TenantId.ts"
import { UserId } from "../../src/values/UserId.ts"
import { partitionSettings, TestDatabase } from "../support/database/TestDatabase.ts"
import { bet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"
import { clientOf, moves, objectsOfMoves, quiet } from "./moving.ts"

const projections: ReadonlyArray<AnyProjection> = [
  casino,
  ...leaderboards.ranking === undefined ? [] : [{ ...leaderboards, ranking: { ...leaderboards.ranking, bucketSize: 8 } }]
]

/** A service on a new log in one database, with servers to split to. */
const serviceWith = Effect.fnUntraced(function*(settings: Readonly<Record<string, string>>) {
  const database = yield* TestDatabase.makeOfOne("the log that is split is in one database")
  return yield* Layer.build(Layer.fresh(testService({ projections, settings }))).pipe(Effect.provideService(TestDatabase, database))
})

type Service = Effect.Success<ReturnType<typeof serviceWith>>

const players = Array.from({ length: 60 }, (_, nth) => UserId(`player-${nth}`))
/** Of a few players at a time; many tie. */
const bets = (first: number, count: number) =>
  Array.from(
    { length: count },
    (_, nth) => bet({ user_id: `player-${(first + nth) % players.length}`, unique_id: `${first + nth}`, amount: 1 + (first + nth) % 7 })
  )

const append = (service: Service, tenant: Tenant, events: ReturnType<typeof bets>) =>
  Effect.map(
    Context.get(service, EventLog).append(events.map((event) => newEvent(tenant, event))),
    (outcomes) => outcomes.map(({ _tag }) => _tag)
  )

const turnover: BoardSelection = { board: "casino_turnover", period: "all", day: undefined, currency: "EUR" }

/** All that readers get of the players, without what a partition counts for itself. */
const readings = Effect.fnUntraced(function*(service: Service, tenant: Tenant) {
  const documents = yield* Context.get(service, Counters).read(tenant, players, { sections: ["casino"], consistency: strong })
  const { generations: _, ...top } = yield* Context.get(service, Leaderboards).top(tenant, turnover, { limit: 25, consistency: strong })
  const places = yield* Effect.forEach(players.slice(0, 8), (userId) =>
    Effect.map(
      Context.get(service, Leaderboards).place(tenant, turnover, { userId, neighbours: 3, consistency: strong }),
      (place) => ({ ...place, generations: undefined })
    ))
  const { users } = yield* Context.get(service, Users).list(tenant, "", 100)
  const explained = yield* Effect.forEach(
    players.slice(0, 4),
    (userId) => Context.get(service, Explanation).explain(tenant, userId, { path: "casino.EUR.bet_amount", after: 0, limit: 100 })
  )
  return {
    counters: documents.map((document) => [document.user_id, document["casino"]]),
    top,
    places,
    users: users.map(({ user_id }) => user_id),
    explained: explained.map((found) => found?.contributions.length)
  }
})

/**
 * The users, and the erased ones, of whom a reader of changes is told until there is nothing more.
 */
const follow = Effect.fnUntraced(function*(service: Service, tenant: Tenant, from: Parameters<Changes["Service"]["after"]>[1]) {
  const told = { users: new Set<string>(), erased: new Set<string>() }
  let place = from
  for (;;) {
    const page = yield* Context.get(service, Changes).after(tenant, place, { limit: 20, waitSeconds: 0, consistency: strong })
    for (const { user_id } of page.changes) told.users.add(user_id)
    for (const { ref } of page.erased) told.erased.add(ref)
    place = page.next
    if (page.changes.length === 0 && page.erased.length === 0 && page.kept === undefined) return told
  }
})

/**
 * The slices that a database has heads, events and rows of users of, and wrong counts of rankings.
 */
const held = Effect.fnUntraced(function*(service: Service, sql: PgClient.PgClient) {
  const heads = yield* sql<{ slice: number }>`select slice from slice_heads order by slice`
  const events = yield* sql<{ slice: number }>`select distinct slice from events`
  const tables = yield* userTables(sql)
  const rows = yield* Effect.forEach(
    tables,
    ({ name }) => sql.unsafe<{ tenant_id: TenantId; user_id: UserId }>(`select distinct tenant_id, user_id from ${name}`)
  )
  const ranked = rows.filter((_, nth) => tables[nth]?.isRanking === true).flat()
  const slices = [...events.map(({ slice }) => slice), ...rows.flat().map(({ tenant_id, user_id }) => sliceOf(tenant_id, user_id))]
  const wrong = yield* Effect.forEach(Context.get(service, ProjectionCatalog).stores, (store) => wrongBuckets(sql, store))
  return {
    heads: [heads[0]?.slice, heads.at(-1)?.slice, heads.length],
    isWithin: slices.every((slice) => heads.some((head) => head.slice === slice)),
    rows: rows.flat().length,
    /** Users in rankings whom the database does not serve. */
    rankedOthers: ranked.filter(({ tenant_id, user_id }) => heads.every(({ slice }) => slice !== sliceOf(tenant_id, user_id))).length,
    wrong: wrong.reduce((sum, one) => sum + one, 0)
  }
})

/** A log in one database with some bets, with servers `s1`, `s2`, …. */
const logWithServers = Effect.fnUntraced(function*(count: number) {
  const { DATABASE_SERVERS = "" } = yield* partitionSettings(count + 1)
  const service = yield* serviceWith({ DATABASE_SERVERS })
  const tenant = yield* Effect.provide(newTenant(), service)
  yield* append(service, tenant, bets(0, 180))
  const home = Context.get(service, PgClient.PgClient)
  const others = yield* Effect.forEach(DATABASE_SERVERS.split(" "), (server) => clientOf(server.slice(server.indexOf("=") + 1)))
  const server = (nth: number) => known(others[nth - 1], "client of a server")
  return { service, tenant, home, server }
})

/** Waits until the service knows of so many partitions that serve. */
const serves = (service: Service, count: number) =>
  untilEffect(Effect.sync(() => {
    const opened = Context.get(service, Partitions).opened()
    return opened.length === count && opened.every(({ entry, services }) => services !== undefined && entry.state === "serving")
  }))

const split = (partition: number, target?: string, at?: number) => ({
  partition,
  target: target as undefined,
  at: at === undefined ? undefined : Slice(at),
  isSplit: true as const
})

/** Has the cut of a database wait, as long as the scope is open. */
const holdCut = (sql: PgClient.PgClient) =>
  holdLock(sql, sql`select pg_advisory_xact_lock(hashtext(current_schema() || ' playtally target'))`)

/** Has a database remove no row of rankings, in the same way. */
const holdCounts = (sql: PgClient.PgClient) => holdLock(sql, sql`lock table split_counts in share mode`)

/** Takes a lock until the effect is run that comes back. */
const holdLock = <A, E>(sql: PgClient.PgClient, lock: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const held = yield* Deferred.make<void>()
    const released = yield* Deferred.make<void>()
    yield* Effect.forkScoped(sql.withTransaction(Effect.gen(function*() {
      yield* lock
      yield* Deferred.succeed(held, undefined)
      yield* Deferred.await(released)
    })))
    yield* Deferred.await(held)
    return Deferred.succeed(released, undefined)
  })

describe("a split", () => {
  it.live(
    "takes half of the slices to another server while events come, and readers see no difference",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { home, server, service, tenant } = yield* logWithServers(2)
        const [one, two] = [server(1), server(2)]
        // Users who are erased while the events are copied.
        const gone = Array.from({ length: 12 }, (_, nth) => UserId(`gone-${nth}`))
        yield* append(service, tenant, gone.map((user_id) => bet({ user_id })))
        const from = yield* Context.get(service, Changes).now(strong)
        const { list, move } = yield* moves({ service })
        let sent = 180
        const ending = { isOver: false }
        const sender = yield* Effect.forkScoped(Effect.gen(function*() {
          while (!ending.isOver) {
            const some = bets(sent, 5)
            const outcomes = yield* Effect.retry(append(service, tenant, some), Schedule.spaced("20 millis"))
            assert.isTrue(outcomes.every((outcome) => outcome === "Appended" || outcome === "Duplicate"), outcomes.join())
            sent += some.length
            yield* Effect.sleep("20 millis")
          }
        }))
        // First the upper half, then what is above 200 of that.
        const copying = yield* Deferred.make<void>()
        const erasing = yield* Effect.forkScoped(Effect.andThen(
          Deferred.await(copying),
          Effect.forEach(gone, (userId) => Context.get(service, UserErasure).erase(tenant, userId), { discard: true })
        ))
        for (const [nth, wish] of [split(0), split(1, "s2", 200)].entries()) {
          const { fenced } = yield* move(wish, ({ step }) => {
            if (step === "copying") Deferred.doneUnsafe(copying, Effect.void)
          })
          assert.isBelow(fenced, 2000)
          yield* serves(service, nth + 2)
        }
        const before = sent
        yield* untilEffect(Effect.sync(() => sent > before + 20))
        ending.isOver = true
        yield* Fiber.join(sender)
        yield* Fiber.join(erasing)

        assert.deepStrictEqual(
          (yield* list).map(({ entry: { first, last, partition, server, state }, move }) => [partition, first, last, server, state, move]),
          [[0, 0, 127, "home", "serving", undefined], [1, 128, 199, "s1", "serving", undefined], [2, 200, 255, "s2", "serving", undefined]]
        )
        const oracle = yield* serviceWith({})
        const same = yield* Effect.provide(newTenant(), oracle)
        yield* append(oracle, same, bets(0, sent))
        assert.deepStrictEqual(yield* readings(service, tenant), yield* readings(oracle, same))
        const told = yield* follow(service, tenant, from)
        assert.deepStrictEqual(players.filter((userId) => !told.users.has(userId)), [])
        assert.deepStrictEqual(gone.filter((userId) => !told.erased.has(userRef(tenant.keyNamespace, userId))), [])
        assert.deepStrictEqual([...new Set(yield* append(service, tenant, bets(0, sent)))], ["Duplicate"])
        for (const [sql, heads] of [[home, [0, 127, 128]], [one, [128, 199, 72]], [two, [200, 255, 56]]] as const) {
          const found = yield* held(service, sql)
          assert.deepStrictEqual({ ...found, rows: found.rows > 0 }, { heads, isWithin: true, rows: true, rankedOthers: 0, wrong: 0 })
          assert.deepStrictEqual(yield* objectsOfMoves(sql), [])
          assert.deepStrictEqual(yield* sql`select from events where starts_with(user_id, 'gone-')`, [])
        }
      })),
    60_000
  )

  it.live("counts nobody twice while its halves are cut, and goes on where it was stopped", () =>
    Effect.scoped(Effect.gen(function*() {
      const { home, server, service, tenant } = yield* logWithServers(1)
      const one = server(1)
      const before = yield* readings(service, tenant)
      // In steps of some rows, so that readers meet a cut that is half done.
      const { cancel, list, move } = yield* moves({ service }, undefined, { users: 3, rows: 4 })
      const release = yield* holdCut(home)
      const leaving = yield* Deferred.make<void>()
      const first = yield* Effect.forkScoped(move(split(0), ({ step }) => {
        if (step === "leaving") Deferred.doneUnsafe(leaving, Effect.void)
      }))
      yield* Effect.raceFirst(Deferred.await(leaving), Fiber.join(first))
      yield* untilEffect(Effect.sync(() => Context.get(service, Partitions).opened().every(({ services }) => services !== undefined)))
      const states = Effect.map(list, (all) => all.map(({ entry: { state } }) => state))
      assert.deepStrictEqual(yield* states, ["shrinking", "shrinking"])
      const top = Context.get(service, Leaderboards).top(tenant, turnover, { limit: 25, consistency: strong })
      assert.strictEqual((yield* Effect.flip(top))._tag, "DatabaseUnavailable")
      const place = Context.get(service, Leaderboards).place(tenant, turnover, {
        userId: UserId("player-1"),
        neighbours: 1,
        consistency: strong
      })
      assert.strictEqual((yield* Effect.flip(place))._tag, "DatabaseUnavailable")
      const documents = yield* Context.get(service, Counters).read(tenant, players, { sections: ["casino"], consistency: strong })
      assert.deepStrictEqual(documents.map((document) => [document.user_id, document["casino"]]), before.counters)
      assert.deepStrictEqual((yield* Context.get(service, Users).list(tenant, "", 100)).users.map(({ user_id }) => user_id), before.users)

      yield* Fiber.interrupt(first)
      const reasonOf = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.map(Effect.flip(effect), (error) => typeof error === "object" && error !== null && "reason" in error ? error.reason : error)
      assert.strictEqual(yield* reasonOf(cancel(0)), "Ended")
      assert.strictEqual(yield* reasonOf(move(split(1, "s2"), quiet)), "UnderWay")
      assert.deepStrictEqual(yield* states, ["shrinking", "shrinking"])

      // The lower half is cut, and the upper one has to wait.
      const stopped = yield* holdCounts(one)
      yield* release
      const second = yield* Effect.forkScoped(Effect.andThen(
        Effect.retry(top, Schedule.spaced("5 millis")),
        Effect.repeat(readings(service, tenant), {
          times: 2,
          while: (found) => Effect.sync(() => assert.deepStrictEqual(found, before) === undefined)
        })
      ))
      const ending = yield* Effect.forkScoped(move(split(0), quiet))
      yield* Fiber.join(second)
      yield* untilEffect(Effect.map(held(service, home), ({ rankedOthers }) => rankedOthers === 0))
      assert.isAbove((yield* held(service, one)).rankedOthers, 0)
      assert.deepStrictEqual(yield* states, ["shrinking", "shrinking"])
      assert.deepStrictEqual(yield* readings(service, tenant), before)
      const oracle = yield* serviceWith({})
      const same = yield* Effect.provide(newTenant(), oracle)
      const erased = [UserId("player-2"), UserId("player-3"), UserId("player-4"), UserId("player-5")]
      assert.strictEqual(new Set(erased.map((userId) => sliceOf(tenant.tenantId, userId) < 128)).size, 2)
      for (const [log, tenantOfLog] of [[service, tenant], [oracle, same]] as const) {
        yield* append(log, tenantOfLog, bets(0, 240))
        yield* append(log, tenantOfLog, [bet({ user_id: "newcomer", amount: 4 }), bet({ user_id: "latecomer", amount: 400 })])
        for (const userId of erased) yield* Context.get(log, UserErasure).erase(tenantOfLog, userId)
      }
      const after = yield* readings(oracle, same)
      assert.notDeepEqual(after, before)
      assert.deepStrictEqual(yield* readings(service, tenant), after)
      assert.deepStrictEqual(yield* states, ["shrinking", "shrinking"])
      yield* stopped
      yield* Fiber.join(ending)
      yield* serves(service, 2)
      assert.deepStrictEqual(yield* readings(service, tenant), after)
      for (const sql of [home, one]) {
        const found = yield* held(service, sql)
        assert.deepStrictEqual([found.isWithin, found.wrong], [true, 0])
        assert.deepStrictEqual(yield* sql`select from split_rankings union all select from split_counts`, [])
      }
      // What is erased now was only in one of them.
      yield* Context.get(service, UserErasure).erase(tenant, UserId("player-1"))
      for (const sql of [home, one]) assert.deepStrictEqual(yield* sql`select from events where user_id = 'player-1'`, [])
    })), 120_000)

  it.live(
    "goes back from each step before its end, is ended by the service, and is refused where it cannot be made",
    () =>
      Effect.scoped(Effect.gen(function*() {
        const { home, server, service, tenant } = yield* logWithServers(1)
        const one = server(1)
        const before = yield* readings(service, tenant)
        const { cancel, heal, list, move } = yield* moves({ service })
        const killed = yield* Deferred.make<void>()
        for (const step of ["preparing", "copying"]) {
          const reached = yield* Deferred.make<void>()
          const running = yield* Effect.forkChild(move(split(0), (progress) => {
            if (progress.step === step) Deferred.doneUnsafe(reached, Effect.void)
          }))
          yield* Effect.raceFirst(Deferred.await(reached), Fiber.join(running))
          yield* Fiber.interrupt(running)
          const other = yield* Effect.flip(move({ partition: 0, target: "s1", isSplit: false }, quiet))
          assert.strictEqual(other._tag === "MoveRefused" && other.reason, "UnderWay")
          assert.isTrue(yield* cancel(0))
          for (const sql of [home, one]) assert.deepStrictEqual(yield* objectsOfMoves(sql), [])
          assert.deepStrictEqual((yield* list).map(({ entry: { last, state } }) => [last, state]), [[255, "serving"]])
        }
        // What was killed in its last step is ended by the service.
        yield* Effect.ignore(Effect.raceFirst(
          move(split(0), ({ step }) => {
            if (step === "leaving") Deferred.doneUnsafe(killed, Effect.void)
          }),
          Deferred.await(killed)
        ))
        assert.isUndefined(yield* heal)
        yield* home`update partition_moves set stepped_at = stepped_at - interval '1 minute'`
        assert.strictEqual(yield* heal, 0)
        yield* serves(service, 2)
        for (const sql of [home, one]) assert.deepStrictEqual(yield* objectsOfMoves(sql), [])

        for (const wish of [split(0, "s1", 0), split(0, "home"), split(7, "s1")]) {
          assert.strictEqual((yield* Effect.flip(move(wish, quiet)))._tag, "MoveRefused")
        }
        assert.deepStrictEqual(yield* readings(service, tenant), before)
        assert.deepStrictEqual([...new Set(yield* append(service, tenant, bets(0, 180)))], ["Duplicate"])
        // Events that are served are not removed.
        const refused = yield* Effect.flip(home.withTransaction(Effect.andThen(
          home`select set_config('playtally.leaving', 'on', true)`,
          home`delete from events`
        )))
        assert.match(String(refused.reason.cause), /is served here/)
      })),
    60_000
  )
})
