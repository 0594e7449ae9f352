import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { BoardSelection } from "../../src/counters/boardSelection.ts"
import { Leaderboards } from "../../src/counters/Leaderboards.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { allSlices } from "../../src/event-log/sliceOf.ts"
import type { FastTrackEvent } from "../../src/fasttrack/FastTrackEvent.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { leaderboards } from "../../src/projections/catalog/leaderboards.ts"
import { type Board, boards, type Period, ruleOf } from "../../src/projections/catalog/rules/boards.ts"
import { sportsLeaderboards } from "../../src/projections/catalog/sportsLeaderboards.ts"
import type { AnyProjection } from "../../src/projections/projection/Projection.ts"
import { ProjectionRunner } from "../../src/projections/runner/ProjectionRunner.ts"
import { wrongBuckets } from "../../src/projections/tables/readRanking.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { rebuild } from "../../src/projections/versions/rebuild.ts"
import { rebuildUser } from "../../src/projections/versions/rebuildUser.ts"
import { removeVersion } from "../../src/projections/versions/removeVersion.ts"
import { verifySlice } from "../../src/projections/versions/verifyProjection.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { formatDay, parseDay } from "../../src/values/dayRuns.ts"
import type { Slice } from "../../src/values/Slice.ts"
import { UserId } from "../../src/values/UserId.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { referenceLeaderboard, referencePeriod } from "../oracle/referenceLeaderboards.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { bet, login, rollbackBet, sportsBet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { inEachPartition } from "../support/service/inPartitions.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"

/** With buckets so small that a handful of users splits and merges them. */
const small = (projection: AnyProjection): AnyProjection =>
  projection.ranking === undefined ? projection : { ...projection, ranking: { ...projection.ranking, bucketSize: 8 } }
const projections = [leaderboards, sportsLeaderboards].map(small)

const top = (tenant: Tenant, selection: BoardSelection, limit = 1000) =>
  Effect.flatMap(Leaderboards, (boards) => boards.top(tenant, selection, { limit, consistency: strong }))
const place = (tenant: Tenant, selection: BoardSelection, userId: string, neighbours = 2) =>
  Effect.flatMap(Leaderboards, (boards) => boards.place(tenant, selection, { userId: UserId(userId), neighbours, consistency: strong }))

/**
 * The buckets have exactly the users they say, and nothing differs from a second fold of the log.
 */
const assertSound = inEachPartition(Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  const log = yield* EventLog
  const { stores } = yield* ProjectionCatalog
  const heads = yield* sql<{ slice: Slice }>`select slice from slice_heads`
  for (const store of stores) {
    assert.strictEqual(yield* wrongBuckets(sql, store), 0, store.projection.name)
    for (const { slice } of heads) assert.deepStrictEqual((yield* verifySlice({ sql, log }, store, slice)).differences, [])
  }
}))

/**
 * Every board is a function of the set of the stored events (docs/design.md#counters): of any
 * order, batching and repetition, fed by two processes.
 */
layer(TestDatabase.layer, { excludeTestServices: true })("leaderboards of any order, batching and repetition", (it) => {
  it.effect.each([
    { seed: 51, timeZone: "America/New_York", now: "2026-03-20T12:00:00Z", weekStart: 7 },
    { seed: 52, timeZone: "Australia/Lord_Howe", now: "2026-04-15T12:00:00Z", weekStart: 3 }
  ])("seed $seed in $timeZone", ({ now, seed, timeZone, weekStart }) =>
    Effect.gen(function*() {
      const processes = yield* Effect.all([0, 1].map(() => Layer.build(Layer.fresh(testService({ projections })))))
      const [first, second] = processes
      if (first === undefined || second === undefined) return yield* Effect.die("there are two")
      const random = seededRandom(seed)
      const { items, userIds } = generateItems({ seed, users: 16, timeZone, now: new Date(now) })
      const tenant = yield* newTenant(`${seed}`, timeZone, weekStart).pipe(Effect.provide(first))

      const batches = cutIntoBatches(random, shuffle(random, items), 200)
      const repeated = shuffle(random, [...batches, ...batches.filter(() => random.chance(0.3))])
      yield* Effect.forEach(
        repeated,
        (batch, index) =>
          Effect.gen(function*() {
            const service = index % 2 === 0 ? first : second
            yield* Context.get(service, Ingest).batch(tenant, bulkItems(batch), { strict: false })
            // Whoever reads strongly has what is there fed at once: in chunks cut here and there,
            // by both.
            const selection = { board: "round_wins", period: "all", day: undefined, currency: "EUR" } as const
            yield* top(tenant, selection, 1).pipe(Effect.provide(service))
          }),
        { concurrency: 4 }
      )

      const today = parseDay(now.slice(0, 10)) ?? NaN
      const days = [today, today - 11, today - 20]
      let read = 0
      for (const board of Object.keys(boards) as ReadonlyArray<Board>) {
        const { hasCurrency, periods } = ruleOf(board)
        for (const period of periods) {
          for (const day of period === "all" ? [today] : days) {
            for (const currency of hasCurrency ? ["EUR", "usd"] : [null]) {
              const selection = { board, period, day, currency }
              const options = { board, period, day, currency: currency?.toUpperCase() ?? "", timeZone, weekStart }
              const entries = referenceLeaderboard(items, userIds, options)
                .map((entry) => ({ ...entry, user_id: UserId(entry.user_id) }))
              const service = processes[read++ % 2] ?? first
              const found = yield* top(tenant, selection).pipe(Effect.provide(service))
              const [from, to] = period === "all" ? [null, null] : referencePeriod(day, period, weekStart).map(formatDay)
              const { generations: _, ...board_ } = found
              assert.deepStrictEqual(board_, {
                board,
                period,
                currency: currency?.toUpperCase() ?? null,
                period_start: from ?? null,
                period_end: to ?? null,
                time_zone: timeZone,
                user_count: entries.length,
                entries
              })
              const { entries: firstThree } = yield* top(tenant, selection, 3).pipe(Effect.provide(service))
              assert.deepStrictEqual(firstThree, entries.slice(0, 3))
              for (const [index, entry] of entries.entries()) {
                if (index % (period === "all" && currency === "EUR" ? 1 : 8) !== 0) continue
                const own = yield* place(tenant, selection, entry.user_id).pipe(Effect.provide(service))
                assert.deepInclude(own, {
                  ...entry,
                  above: entries.slice(Math.max(0, index - 2), index),
                  below: entries.slice(index + 1, index + 3)
                })
              }
            }
          }
        }
      }
      yield* assertSound.pipe(Effect.provide(first))
    }), 60_000)
})

const eur = (board: Board, period: Period = "all", date?: string): BoardSelection => ({
  board,
  period,
  day: date === undefined ? undefined : parseDay(date) ?? NaN,
  currency: "EUR"
})
const streaks: BoardSelection = { board: "login_streak", period: "all", day: undefined, currency: null }

const append = (tenant: Tenant, userId: string, ...events: ReadonlyArray<FastTrackEvent>) =>
  Effect.flatMap(EventLog, (log) => log.append(events.map((event) => newEvent(tenant, { ...event, userId: UserId(userId) }))))

const scores = (tenant: Tenant, selection: BoardSelection) =>
  Effect.map(top(tenant, selection), ({ entries }) => entries.map(({ score, user_id }) => [user_id, score]))

layer(testService({ projections }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })("Leaderboards", (it) => {
  it.effect("lets go of what is taken back, in the period where it counted", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("taken back")
      yield* append(tenant, "a", bet({ amount: "10" }), sportsBet({ activity_id: "s", amount: "7" }), sportsBet({ amount: "1" }))
      yield* append(tenant, "b", bet({ amount: "9" }), sportsBet({ amount: "6" }))
      assert.deepStrictEqual(yield* scores(tenant, eur("casino_turnover")), [["a", "10"], ["b", "9"]])
      assert.deepStrictEqual(yield* scores(tenant, eur("sports_turnover", "day", "2026-01-01")), [["a", "8"], ["b", "6"]])

      // A rollback of the casino counts in its own period, one of a sports bet takes the bet with
      // it.
      yield* append(
        tenant,
        "a",
        rollbackBet({ amount: "3", at: "2026-01-02T00:00:00Z" }),
        sportsBet({ activity_id: "s", status: "Rollback", amount: "7", at: "2026-01-02T00:00:00Z" })
      )
      assert.deepStrictEqual(yield* scores(tenant, eur("casino_turnover")), [["b", "9"], ["a", "7"]])
      assert.deepStrictEqual(yield* scores(tenant, eur("casino_turnover", "day", "2026-01-01")), [["a", "10"], ["b", "9"]])
      assert.deepStrictEqual(yield* scores(tenant, eur("casino_turnover", "day", "2026-01-02")), [["a", "-3"]])
      assert.deepStrictEqual(yield* scores(tenant, eur("sports_turnover", "day", "2026-01-01")), [["b", "6"], ["a", "1"]])
      assert.deepStrictEqual(yield* scores(tenant, eur("sports_turnover", "day", "2026-01-02")), [])
      assert.isUndefined(yield* place(tenant, eur("sports_turnover", "day", "2026-01-02"), "a"))
      assert.isUndefined(yield* place(tenant, eur("casino_turnover"), "nobody"))
      yield* assertSound
    }))

  it.effect("puts equal scores in the order in which they were reached, then of the ids' UTF-8 bytes", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("ties")
      for (const userId of ["\u{1F600}", "\uFFFD", "B", "a"]) yield* append(tenant, userId, bet({ amount: "5" }))
      yield* append(tenant, "early", bet({ amount: "5.0", at: "2025-12-31T00:00:00Z" }))
      yield* append(tenant, "late", bet({ amount: "5", at: "2026-01-01T12:00:00.001Z" }))
      const { entries } = yield* top(tenant, eur("casino_turnover"))
      assert.deepStrictEqual(entries.map(({ user_id }) => user_id), ["early", "B", "a", "\uFFFD", "\u{1F600}", "late"])
      assert.deepStrictEqual(entries.map(({ rank }) => rank), [1, 2, 3, 4, 5, 6])
    }))

  it.effect("reaches a streak on the last date of the first longest run, which a late login may make", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("streaks")
      const on = (...dates: ReadonlyArray<string>) => dates.map((date) => login({ at: `${date}T12:00:00Z` }))
      yield* append(tenant, "a", ...on("2026-01-01", "2026-01-02", "2026-02-01", "2026-02-02"))
      yield* append(tenant, "b", ...on("2026-01-01", "2026-01-03"))
      const entry = (rank: number, user_id: string, score: number, reached_at: string) => ({
        rank,
        user_id: UserId(user_id),
        score,
        reached_at
      })
      assert.deepStrictEqual((yield* top(tenant, streaks)).entries, [entry(1, "a", 2, "2026-01-02"), entry(2, "b", 1, "2026-01-01")])
      yield* append(tenant, "b", ...on("2026-01-02"))
      assert.deepStrictEqual((yield* top(tenant, streaks)).entries, [entry(1, "b", 3, "2026-01-03"), entry(2, "a", 2, "2026-01-02")])
    }))

  it.effect("belongs to a tenant, and is of today unless a date is named", () =>
    Effect.gen(function*() {
      const [tenant, other] = [yield* newTenant("one"), yield* newTenant("other")]
      yield* append(tenant, "player", bet({ at: new Date().toISOString() }), bet({ at: "2020-02-29T12:00:00Z" }))
      yield* append(other, "somebody", bet({ amount: "1" }))
      assert.deepStrictEqual(yield* scores(tenant, eur("casino_turnover", "month")), [["player", "10"]])
      assert.deepInclude(yield* top(tenant, eur("casino_turnover", "month", "2020-02-01")), {
        period_start: "2020-02-01",
        period_end: "2020-02-29",
        user_count: 1
      })
      assert.deepStrictEqual(yield* scores(other, eur("casino_turnover")), [["somebody", "1"]])
    }))

  it.effect("is stale, and not to be read strongly, while any of the tenant's users is parked", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const boards = yield* Leaderboards
      const tenant = yield* newTenant("parked")
      const other = yield* newTenant("not parked")
      yield* append(tenant, "player", bet())
      yield* sql`
        insert into parked_users (projection, version, tenant_id, user_id, slice, position, error)
        values ('leaderboards', 2, ${tenant.tenantId}::uuid, 'poisoned', 0, 1, 'test')`
      const options = { limit: 1, consistency: strong }
      const error = yield* Effect.flip(boards.top(tenant, eur("casino_turnover"), options))
      assert.deepInclude(error, { _tag: "ProjectionParked", userId: UserId("poisoned"), projections: ["leaderboards"] })
      const eventual = yield* boards.top(tenant, eur("casino_turnover"), { ...options, consistency: { _tag: "Eventual" } })
      assert.deepStrictEqual(eventual.stale, ["leaderboards"])
      assert.isUndefined((yield* boards.top(tenant, eur("sports_turnover"), options)).stale)
      assert.deepStrictEqual(yield* scores(other, eur("casino_turnover")), [])
    }))

  it.effect("does not let other readers wait for it, nor count its distance from the log as theirs", () =>
    Effect.gen(function*() {
      const runner = yield* ProjectionRunner
      const tenant = yield* newTenant("apart")
      yield* append(tenant, "player", bet())
      assert.deepStrictEqual(yield* scores(tenant, eur("casino_turnover")), [["player", "10"]])
      assert.deepInclude(runner.status(), { lagEvents: 0, lagSeconds: 0, running: true })
    }))
})

const ofOne = TestDatabase.layerOfOne("a version is made and removed in each partition by itself")

layer(ofOne, { excludeTestServices: true })("a version of the leaderboards", (it) => {
  it.effect("is rebuilt beside the one that is read, user by user too, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const { items, userIds } = generateItems({ seed: 5, users: 20, now: new Date("2026-03-20T12:00:00Z") })
      const tenant = yield* newTenant("versions")
      yield* Effect.flatMap(Ingest, ({ batch }) => batch(tenant, bulkItems(items), { strict: false }))
      const selection = eur("casino_turnover", "week", "2026-03-10")
      const before = yield* top(tenant, selection)

      const next = [leaderboards, sportsLeaderboards].map((projection) => small({ ...projection, version: 3 }))
      const developer = yield* Layer.build(Layer.fresh(testService({ projections: [...projections, ...next] })))
      yield* Effect.gen(function*() {
        const { stores } = yield* ProjectionCatalog
        for (const store of stores.filter(({ projection }) => projection.version === 3)) {
          yield* rebuild({ sql, log }, [store], { slices: allSlices, onProgress: () => Effect.void })
        }
        for (const store of stores) {
          for (const userId of userIds.slice(0, 5)) {
            assert.isTrue(yield* rebuildUser({ sql, log }, store, { tenantId: tenant.tenantId, userId: UserId(userId) }))
          }
        }
        yield* assertSound
        const after = yield* top(tenant, selection)
        assert.deepStrictEqual({ ...after, generations: before.generations }, before)
        assert.isAbove(after.generations[leaderboards.name] ?? 0, before.generations[leaderboards.name] ?? 0)
        // Somebody puts a row right by hand: the ranks follow.
        yield* sql`update leaderboards_v2_totals set total = -1 where user_id = ${userIds[0] ?? ""}`
        for (const store of stores) assert.strictEqual(yield* wrongBuckets(sql, store), 0)
        yield* sql`update leaderboards_v2_buckets set users = users + 1 where from_user = '' and board = 'round_wins' and period = 'all'`
        const wrong = yield* Effect.forEach(stores, (store) => wrongBuckets(sql, store))
        assert.isAbove(Math.max(...wrong), 0)

        for (const store of stores.filter(({ projection }) => projection.version === 3)) yield* removeVersion(sql, store)
        const left = yield* sql`
          select relname as name from pg_class where relname like '%leaderboards_v3%'
          union all select proname from pg_proc where proname like '%leaderboards_v3%'`
        assert.deepStrictEqual(left, [])
      }).pipe(Effect.provide(developer))
    }).pipe(Effect.provide(Layer.fresh(testService({ projections })))), 120_000)
})
