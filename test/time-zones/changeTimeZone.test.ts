import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Activity } from "../../src/counters/Activity.ts"
import { Counters } from "../../src/counters/Counters.ts"
import { Leaderboards } from "../../src/counters/Leaderboards.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { clientOfPartition, overPartitions } from "../../src/partitions/overPartitions.ts"
import { spreadTimeZoneChanges } from "../../src/partitions/spreadTimeZoneChanges.ts"
import { activity } from "../../src/projections/catalog/activity.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import { catalog } from "../../src/projections/catalog/catalog.ts"
import { leaderboards } from "../../src/projections/catalog/leaderboards.ts"
import { logins } from "../../src/projections/catalog/logins.ts"
import type { Board, Period } from "../../src/projections/catalog/rules/boards.ts"
import { dependsOnTimeZone } from "../../src/projections/fold/dependsOnTimeZone.ts"
import { evaluate } from "../../src/projections/fold/evaluate.ts"
import { count } from "../../src/projections/projection/Column.ts"
import type { AnyProjection } from "../../src/projections/projection/Projection.ts"
import * as Projection from "../../src/projections/projection/Projection.ts"
import { ProjectionCatalog } from "../../src/projections/versions/ProjectionCatalog.ts"
import { slicesWithEvents } from "../../src/projections/versions/slicesWithEvents.ts"
import { verifySlice } from "../../src/projections/versions/verifyProjection.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { changeTimeZone } from "../../src/time-zones/changeTimeZone.ts"
import { refoldUsers, usersToMove } from "../../src/time-zones/refoldUsers.ts"
import { TimeZoneChanges } from "../../src/time-zones/TimeZoneChanges.ts"
import { formatDay, parseDay } from "../../src/values/dayRuns.ts"
import { Slice } from "../../src/values/Slice.ts"
import { UserId } from "../../src/values/UserId.ts"
import { currentZones } from "../../src/values/zones/pinnedZones.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../oracle/generateItems.ts"
import { referenceActivity } from "../oracle/referenceActivity.ts"
import { referenceCounters } from "../oracle/referenceCounters.ts"
import { referenceLeaderboard, referencePeriod } from "../oracle/referenceLeaderboards.ts"
import { inEveryDatabase } from "../support/database/everyDatabase.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { bet } from "../support/events/events.ts"
import { newEvent, userInSlice } from "../support/events/newEvent.ts"
import { inEachPartition, inPartitionOf } from "../support/service/inPartitions.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { strong } from "../support/service/strong.ts"
import { testService } from "../support/service/TestService.ts"
import { until } from "../support/time/until.ts"

const [former, next] = ["America/New_York", "Pacific/Apia"] as const
const range = { from: "1899-12-31", to: "2201-01-02", granularity: "day" } as const

/** What `tenants set-zone` does, until it has come as far as it may. */
const change = (tenant: Tenant, timeZone: string, stopAfter = Infinity) => changeTo(tenant, { timeZone }, stopAfter)

const changeTo = (tenant: Tenant, to: { readonly timeZone?: string; readonly weekStart?: number }, stopAfter = Infinity) =>
  Effect.gen(function*() {
    const { stores } = yield* ProjectionCatalog
    const ofPartition = Layer.mergeAll(
      ProjectionCatalog.layer(stores.map(({ projection }) => projection), { isQuiet: true }),
      EventLog.layer,
      clientOfPartition
    )
    const changes = overPartitions(
      Layer.provideMerge(TimeZoneChanges.layer, ofPartition),
      (set, home) => Context.make(TimeZoneChanges, spreadTimeZoneChanges(set, home))
    )
    let done = 0
    const changing = Context.get(yield* Layer.build(Layer.fresh(changes)), TimeZoneChanges).change({
      tenantId: tenant.tenantId,
      ...to,
      onProgress: (progress) => Effect.sync(() => void (done = progress.done))
    })
    return yield* Effect.raceFirst(changing, Effect.as(until(() => done >= stopAfter), "stopped" as const))
  }).pipe(Effect.scoped)

/** All rows of the versions that are meant are what the log says. */
const assertRowsAreOfTheLog = (isMeant: (projection: AnyProjection) => boolean) =>
  inEachPartition(Effect.gen(function*() {
    const source = { sql: yield* PgClient.PgClient, log: yield* EventLog }
    const stores = (yield* ProjectionCatalog).stores.filter(({ projection }) => isMeant(projection))
    for (const slice of yield* slicesWithEvents(source.sql)) {
      for (const store of stores) assert.deepStrictEqual((yield* verifySlice(source, store, slice)).differences, [])
    }
  }))

describe("a tenant's zone that is changed", () => {
  it.live(
    "leaves the counters as if it had always been that one, with events coming in, and never mixes two zones in a document",
    () =>
      Effect.gen(function*() {
        const projections = [casino, logins, activity]
        const processes = yield* Effect.all([
          Layer.build(Layer.fresh(testService({ projections }))),
          Layer.build(Layer.fresh(testService({ projections })))
        ])
        const [one, other] = processes
        const now = new Date(yield* Clock.currentTimeMillis)
        const create = (name: string, zone: string) => Context.get(one, Tenants).create(name, zone)
        const [moving, steady, bystander] = [
          yield* create("moving", former),
          yield* create("steady", next),
          yield* create("bystander", former)
        ]
        const random = seededRandom(11)
        const { items, userIds } = generateItems({ seed: 11, users: 16, itemsPerUser: 40, timeZone: next, now })
        const batches = cutIntoBatches(random, shuffle(random, items), 40)
        const send = (tenant: Tenant, sent: typeof batches) =>
          Effect.forEach(sent, (batch, index) =>
            Context.get(processes[index % 2] ?? one, Ingest).batch(tenant, bulkItems(batch), {
              strict: false
            }), { discard: true })

        const [first, later] = [batches.slice(0, batches.length >> 1), batches.slice(batches.length >> 1)]
        yield* send(bystander, batches)
        yield* send(moving, first)
        const sections = { sections: ["casino", "logins"], consistency: strong }
        /** Without the positions, which other tenants' events move too. */
        const reads = (tenant: Tenant) =>
          Effect.forEach(processes, (service) =>
            Effect.map(
              Context.get(service, Counters).read(tenant, userIds.map((each) => UserId(each)), sections),
              (documents) => documents.map(({ generations: _, position: __, ref: ___, ...document }) => document)
            ))
        yield* reads(moving)
        const untouched = yield* reads(bystander)
        const rowsOf = (tenant: Tenant) =>
          inEveryDatabase((sql) =>
            sql`
            select user_id, ctid::text, xmin::text from logins_v2_totals where tenant_id = ${tenant.tenantId}::uuid order by user_id`
          )
        const bystanderRows = yield* rowsOf(bystander)

        let checked = 0
        const zones = new Set<string>()
        /**
         * A document of whatever moment is what its zone makes of the events up to its position.
         */
        const checkOne = Effect.fnUntraced(function*(service: (typeof processes)[number], userId: string) {
          const options = { sections: ["logins"], consistency: { _tag: "Eventual" } } as const
          const at = yield* Clock.currentTimeMillis
          const [document] = yield* Context.get(service, Counters).read(moving, [UserId(userId)], options)
          if (document === undefined) {
            return
          }
          const events = yield* Context.get(service, EventLog).readUser({
            tenantId: moving.tenantId,
            userId: UserId(userId),
            before: document.position + 1,
            limit: 10_000
          })
          const context = { timeZone: document.time_zone, now: at }
          assert.deepStrictEqual<unknown>(document["logins"], evaluate(logins, events.map(({ event }) => event), context))
          zones.add(document.time_zone)
          checked++
        })
        const checking = Effect.forever(Effect.forEach(userIds, (userId, index) => checkOne(processes[index % 2] ?? one, userId)))
        const sending = send(moving, later)
        const changing = Effect.gen(function*() {
          assert.strictEqual(yield* Effect.provide(change(moving, next, 80), one), "stopped")
          // While the change is stopped halfway, everybody goes on.
          const halfway = checked + 2 * userIds.length
          yield* until(() => checked > halfway)
          // Two who end it at once do not get in each other's way.
          yield* Effect.all([Effect.provide(change(moving, next), one), Effect.provide(change(moving, next), other)], { concurrency: 2 })
        })
        yield* Effect.raceFirst(Effect.all([changing, sending], { concurrency: 2 }), checking)
        yield* send(steady, batches)
        assert.isFalse(yield* Effect.provide(change(moving, next), other))
        assert.sameMembers([...zones], [former, next])

        const [moved = [], again] = yield* reads(moving)
        assert.deepStrictEqual(again, moved)
        assert.deepStrictEqual(moved, (yield* reads(steady))[0])
        for (const document of moved) {
          const { casino, logins } = referenceCounters(items, { timeZone: next, now, userId: document.user_id })
          assert.deepInclude(document, { time_zone: next, casino, logins })
        }
        for (const userId of userIds) {
          const read = yield* Context.get(other, Activity).read(moving, UserId(userId), {
            from: parseDay(range.from) ?? 0,
            to: parseDay(range.to) ?? 0,
            granularity: range.granularity,
            consistency: strong
          })
          assert.deepStrictEqual<ReadonlyArray<object>>(
            read?.periods ?? [],
            referenceActivity(items, { ...range, timeZone: next, weekStart: 1, userId })
          )
        }
        assert.deepStrictEqual(yield* reads(bystander), untouched)
        assert.deepStrictEqual(yield* rowsOf(bystander), bystanderRows)
        yield* Effect.provide(assertRowsAreOfTheLog(dependsOnTimeZone), one)
      }).pipe(Effect.provide(TestDatabase.layer)),
    60_000
  )

  it.live(
    "changes its first day of the week in the same way: weeks are right before, between and after, and nothing else is touched",
    () =>
      Effect.gen(function*() {
        const projections = [logins, activity, leaderboards]
        const service = yield* Layer.build(Layer.fresh(testService({ projections })))
        yield* Effect.gen(function*() {
          const [boards, activities] = [yield* Leaderboards, yield* Activity]
          const tenant = yield* newTenant("weekly", former, 1)
          const now = new Date("2026-03-20T12:00:00Z")
          const { items, userIds } = generateItems({ seed: 61, users: 12, itemsPerUser: 40, timeZone: former, now })
          const batches = cutIntoBatches(seededRandom(61), items, 40)
          const [first, later] = [batches.slice(0, batches.length >> 1), batches.slice(batches.length >> 1)]
          const send = (sent: typeof batches) =>
            Effect.flatMap(Ingest, ({ batch }) =>
              Effect.forEach(sent, (some) => batch(tenant, bulkItems(some), { strict: false }), { discard: true }))
          const day = parseDay("2026-03-15") ?? NaN

          const board = (period: Period) =>
            boards.top(tenant, { board: "casino_turnover", period, day, currency: "EUR" }, { limit: 100, consistency: strong })
          const assertWeeks = Effect.fnUntraced(function*(sent: typeof batches, weekStart: number) {
            const known = sent.flat()
            const found = yield* board("week")
            const period = referencePeriod(day, "week", weekStart).map(formatDay)
            assert.deepStrictEqual([found.period_start, found.period_end], period)
            const options = { board: "casino_turnover", period: "week", day, currency: "EUR", timeZone: former, weekStart }
            assert.deepStrictEqual(found.entries, referenceLeaderboard(known, userIds, options))
            for (const userId of userIds) {
              const days = { from: "2026-02-01", to: "2026-04-01", granularity: "week" } as const
              const read = yield* activities.read(tenant, UserId(userId), {
                from: parseDay(days.from) ?? NaN,
                to: parseDay(days.to) ?? NaN,
                granularity: "week",
                consistency: strong
              })
              assert.deepStrictEqual<ReadonlyArray<object>>(
                read?.periods ?? [],
                referenceActivity(known, { ...days, timeZone: former, weekStart, userId })
              )
            }
          })
          const rowsOf = (table: string) =>
            inEveryDatabase((sql) =>
              sql`select ctid::text, xmin::text from ${sql(table)} where tenant_id = ${tenant.tenantId}::uuid order by ctid`
            )

          yield* send(first)
          yield* assertWeeks(first, 1)
          const untouched = [yield* rowsOf("logins_v2_totals"), yield* rowsOf("activity_v2_totals")]
          assert.strictEqual(yield* changeTo(tenant, { weekStart: 7 }, 100), "stopped")
          // Half of the users cannot be compared with the other half by weeks; by days they can.
          assert.strictEqual((yield* Effect.flip(board("week")))._tag, "ProjectionBehind")
          assert.isAbove((yield* board("all")).entries.length, 0)
          assert.deepStrictEqual((yield* board("day")).period_start, "2026-03-15")
          assert.isTrue(yield* changeTo(tenant, { weekStart: 7 }))
          assert.isFalse(yield* changeTo(tenant, { weekStart: 7 }))
          yield* assertWeeks(first, 7)
          assert.deepStrictEqual([yield* rowsOf("logins_v2_totals"), yield* rowsOf("activity_v2_totals")], untouched)
          yield* Effect.all([changeTo(tenant, { weekStart: 3 }), send(later)], { concurrency: 2 })
          yield* assertWeeks(batches, 3)

          yield* assertRowsAreOfTheLog(() =>
            true
          )
        }).pipe(Effect.provide(service))
      }).pipe(Effect.provide(TestDatabase.layer)),
    60_000
  )

  it.live("parks whom a fold fails on in the new zone, with the rows of before, and nobody else", () =>
    Effect.gen(function*() {
      const delicate = Projection.make({
        name: "delicate",
        version: 1,
        events: ["realtime-casino"],
        totals: { key: ["day"], columns: { bets: count } },
        contribute: ({ data, occurredAt }, { calendar, timeZone }) => {
          if (data.game_id === "poison" && timeZone === next) throw new Error("not in this zone")
          return [{ day: String(calendar.day(occurredAt)), bets: 1 }]
        },
        section: { schema: Schema.Unknown, present: (rows) => rows.map((row) => [row.day, row.bets]) }
      })
      const service = yield* Layer.build(Layer.fresh(testService({ projections: [delicate, { ...delicate, version: 2 }] })))
      yield* Effect.gen(function*() {
        const tenant = yield* newTenant("delicate", former)
        const counters = yield* Counters
        const log = yield* EventLog
        const users = [0, 1, 2].map((nth) => userInSlice(tenant, 77, nth))
        const [bad, ...good] = users
        const events = users.map((userId) => {
          const event = bet({ user_id: userId, unique_id: "1", at: "2026-01-01T00:00:00Z" })
          return { ...event, data: { ...event.data, game_id: userId === bad ? "poison" : "slots" } } as typeof event
        })
        yield* log.append(events.map((event) => newEvent(tenant, event)))
        const read = (userIds: ReadonlyArray<string>, consistency: typeof strong | { readonly _tag: "Eventual" } = strong) =>
          counters.read(tenant, userIds.map((each) => UserId(each)), { sections: ["delicate"], consistency })
        const [before] = yield* read(users)

        assert.isTrue(yield* change(tenant, next))
        const day = String(currentZones.calendar(next).day(Date.UTC(2026, 0, 1)))
        assert.notDeepEqual<unknown>(before?.["delicate"], [[day, 1]])
        assert.deepStrictEqual<unknown>((yield* read(good)).map((document) => document["delicate"]), good.map(() => [[day, 1]]))
        assert.strictEqual((yield* Effect.flip(read([bad ?? ""])))._tag, "ProjectionParked")
        const [stale] = yield* read([bad ?? ""], { _tag: "Eventual" })
        assert.deepStrictEqual(stale?.["delicate"], before?.["delicate"])
        assert.deepStrictEqual(stale?.stale, ["delicate"])
      }).pipe(Effect.provide(service))
    }).pipe(Effect.provide(TestDatabase.layer)))

  it.live("is that of users, too, whom nobody had heard of when the change came to their slice", () =>
    Effect.gen(function*() {
      const service = yield* Layer.build(Layer.fresh(testService({ projections: [activity, leaderboards] })))
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const tenant = yield* newTenant("newcomers", former)
        // Slice 79 is at home, however many partitions there are.
        yield* sql`insert into time_zone_moves (tenant_id, slice, time_zone) values (${tenant.tenantId}::uuid, 79, ${former})`
        yield* sql`update tenants set time_zone = ${next} where tenant_id = ${tenant.tenantId}::uuid`
        const listed = yield* usersToMove(sql, { tenantId: tenant.tenantId, slice: Slice(79) })
        const userId = userInSlice(tenant, 79)
        yield* (yield* EventLog).append([newEvent(tenant, bet({ user_id: userId, unique_id: "1", at: "2026-01-01T00:00:00Z" }))])
        const read = Effect.flatMap(Activity, ({ read }) =>
          read(tenant, UserId(userId), { from: 0, to: 30_000, granularity: "day", consistency: strong }))
        assert.deepInclude(yield* read, { time_zone: former })
        assert.strictEqual((yield* read)?.periods[0]?.from, "2025-12-31")
        const board = (board: Board, period: Period) =>
          Effect.flatMap(Leaderboards, ({ top }) =>
            top(tenant, { board, period, day: undefined, currency: "EUR" }, { limit: 10, consistency: strong }))
        assert.deepStrictEqual(
          (yield* board("casino_turnover", "all")).entries.map(({ user_id }) =>
            user_id
          ),
          [userId]
        )
        assert.strictEqual((yield* Effect.flip(board("casino_turnover", "day")))._tag, "ProjectionBehind")
        assert.strictEqual((yield* Effect.flip(board("login_streak", "all")))._tag, "ProjectionBehind")
        assert.deepStrictEqual(
          yield* inPartitionOf({ tenantId: tenant.tenantId, userId: UserId(userId) })(Effect.gen(function*() {
            const [sql, log, { stores }] = [yield* PgClient.PgClient, yield* EventLog, yield* ProjectionCatalog]
            return yield* sql.withTransaction(refoldUsers({ sql, log }, stores, { tenantId: tenant.tenantId, slice: Slice(79), listed }))
          })),
          { users: 1, isLast: true }
        )
        assert.deepInclude(yield* read, { time_zone: next })
        assert.strictEqual((yield* read)?.periods[0]?.from, "2026-01-01")
      }).pipe(Effect.provide(service))
    }).pipe(Effect.provide(TestDatabase.layer)))

  it.live("is left alone by code that does not know all versions with rows", () =>
    Effect.gen(function*() {
      const service = yield* Layer.build(Layer.fresh(testService({ projections: [logins] })))
      const tenant = yield* newTenant("unknown", former).pipe(Effect.provide(service))
      const sql = Context.get(service, PgClient.PgClient)
      const log = Context.get(service, EventLog)
      const userId = userInSlice(tenant, 78)
      yield* log.append([newEvent(tenant, bet({ user_id: userId, unique_id: "1", at: "2026-01-01T00:00:00Z" }))])
      yield* Context.get(service, Counters).read(tenant, [UserId(userId)], { sections: ["logins"], consistency: strong })
      const refused = yield* Effect.flip(
        changeTimeZone({ sql, log }, [], { tenantId: tenant.tenantId, timeZone: next, onProgress: () => Effect.void })
      )
      assert.strictEqual(refused._tag, "TimeZoneChangeRefused")
      const [found] = yield* sql<{ time_zone: string }>`select time_zone from tenants where tenant_id = ${tenant.tenantId}::uuid`
      assert.strictEqual(found?.time_zone, former)
    }).pipe(Effect.provide(TestDatabase.layer)))

  it.live("matters to the projections that count by days, and to no others", () =>
    Effect.sync(() => {
      const names = catalog.filter(dependsOnTimeZone).map(({ name }) => name)
      assert.includeMembers(names, ["logins", activity.name])
      assert.notIncludeMembers(names, ["casino"])
      assert.notInclude(names, "profile")
    }))
})
