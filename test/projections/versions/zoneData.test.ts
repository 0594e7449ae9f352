import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import packed2026b from "zones-2026b/data/packed/latest.json" with { type: "json" }
import { KnownProjections } from "../../../src/cli/projections/KnownProjections.ts"
import { Counters } from "../../../src/counters/Counters.ts"
import { Explanation } from "../../../src/counters/history/Explanation.ts"
import { TimeTravel } from "../../../src/counters/history/TimeTravel.ts"
import { Leaderboards } from "../../../src/counters/Leaderboards.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { activity } from "../../../src/projections/catalog/activity.ts"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { formerVersions } from "../../../src/projections/catalog/formerVersions.ts"
import { leaderboards } from "../../../src/projections/catalog/leaderboards.ts"
import { logins } from "../../../src/projections/catalog/logins.ts"
import { evaluate } from "../../../src/projections/fold/evaluate.ts"
import { fingerprint, firstFingerprint } from "../../../src/projections/fold/fingerprint.ts"
import { sampleLog } from "../../../src/projections/fold/sampleLog.ts"
import { zoneDataOf } from "../../../src/projections/fold/zoneDataOf.ts"
import { count } from "../../../src/projections/projection/Column.ts"
import { type AnyProjection, make, withZones } from "../../../src/projections/projection/Projection.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { verifySlice } from "../../../src/projections/versions/verifyProjection.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"
import { Position } from "../../../src/values/Position.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { currentZones, zoneDataVersion } from "../../../src/values/zones/pinnedZones.ts"
import { runtimeZones } from "../../../src/values/zones/runtimeZones.ts"
import { zoneData } from "../../../src/values/zones/ZoneData.ts"
import { runCommand, testSettings } from "../../cli/runCommand.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { login } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { strong } from "../../support/service/strong.ts"
import { testService } from "../../support/service/TestService.ts"
import { untilEffect } from "../../support/time/until.ts"

const zones2026b = zoneData(packed2026b)

/** The number of logins of a user at some times. */
const loginsOf = (userId: string, ...times: ReadonlyArray<string>): ReadonlyArray<FastTrackEvent> =>
  times.map((at) => ({ ...login({ at }), userId: UserId(userId) }))

const tenantIn = Effect.fnUntraced(function*(timeZone: string, events: ReadonlyArray<FastTrackEvent>) {
  const tenant = yield* newTenant("brand", timeZone)
  yield* Effect.flatMap(EventLog, ({ append }) => append(events.map((event) => newEvent(tenant, event))))
  return tenant
})

/** What readers get of the logins once everything in the log is in it, by user. */
const activeDays = Effect.fnUntraced(function*(...userIds: ReadonlyArray<string>) {
  const tenant = yield* Effect.flatMap(Tenants, ({ get }) => get("brand"))
  const documents = yield* Effect.flatMap(
    Counters,
    ({ read }) => read(tenant, userIds.map((each) => UserId(each)), { sections: ["logins"], consistency: strong })
  )
  return documents.map((document) => (document["logins"] as { readonly active_days: number }).active_days)
})

const projectionsCommand = (known: ReadonlyArray<AnyProjection>, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(
    testSettings,
    (settings) => runCommand(["projections", ...args], settings).pipe(Effect.provideService(KnownProjections, known))
  )

const succeed = (known: ReadonlyArray<AnyProjection>, ...args: ReadonlyArray<string>) =>
  Effect.map(projectionsCommand(known, ...args), (result) => {
    assert.strictEqual(result.code, 0, result.stderr + result.stdout)
    return result.stdout
  })

/** The rows of some users' slices are those of a second fold, in every version. */
const assertVerified = Effect.fnUntraced(function*(...userIds: ReadonlyArray<string>) {
  const [sql, log, { stores }] = [yield* PgClient.PgClient, yield* EventLog, yield* ProjectionCatalog]
  const { tenantId } = yield* Effect.flatMap(Tenants, ({ get }) => get("brand"))
  for (const store of stores) {
    for (const userId of userIds) {
      const { events, name, version } = store.projection
      yield* untilEffect(Effect.map(verifySlice({ sql, log }, store, sliceOf(tenantId, UserId(userId))), ({ differences, ...found }) => {
        assert.deepStrictEqual(differences, [], `${name} v${version}`)
        // Those that nobody waited for are fed some seconds later.
        return found.events > 0 || !events.includes("realtime-login")
      }))
    }
  }
})

const database = TestDatabase.layerOfOne("versions are made and activated in each partition by itself")

describe("zone data", () => {
  it("is part of what a version does if it asks for the zone, and of no other", () => {
    for (const projection of catalog) {
      const other = withZones(projection, { version: projection.version, zones: zones2026b })
      const asks = ["logins", "activity", "leaderboards", "sports_leaderboards"].includes(projection.name)
      assert.strictEqual(zoneDataOf(projection), asks ? zoneDataVersion : null, projection.name)
      assert.strictEqual(zoneDataOf(other), asks ? "2026b" : null)
      assert.strictEqual(fingerprint(other) !== fingerprint(projection), asks, projection.name)
    }
  })

  it("is that of the runtime in the versions from before it was pinned, which do what they did", () => {
    // As the release had them.
    assert.deepStrictEqual(
      formerVersions.map((projection) => [projection.name, projection.version, firstFingerprint(projection).slice(0, 16)]),
      [
        ["logins", 1, "cfd320db91c1bdc4"],
        ["activity", 1, "e5958e2a795a3d6e"],
        ["leaderboards", 1, "f0bccb0c4cbbaa0b"],
        ["sports_leaderboards", 1, "c37773637335d7b7"]
      ]
    )
  })

  it("is refused for a copy of a projection, which has the calendars of the original", () => {
    assert.throws(() => withZones({ ...logins }, { version: 3, zones: zones2026b }), /is a copy/)
  })

  it("is all that folds and sections know of zones: neither Intl nor the zone of the process", () => {
    const asking = (dayOf: (instant: number, timeZone: string) => string) =>
      make({
        name: "asking",
        version: 1,
        events: ["realtime-login"],
        totals: { key: ["day"], columns: { logins: count } },
        contribute: ({ occurredAt }, { timeZone }) => [{ day: dayOf(occurredAt, timeZone), logins: 1 }],
        section: { schema: Schema.Unknown, present: (rows) => rows }
      })
    const guilty = [
      asking((instant, timeZone) => new Intl.DateTimeFormat("en", { timeZone }).format(instant)),
      asking((instant, timeZone) => new Date(instant).toLocaleDateString("en", { timeZone })),
      asking((instant) => String(new Date(instant).getDate()))
    ]
    const evaluateIn = (projection: AnyProjection, timeZone: string) =>
      evaluate(projection, sampleLog, { timeZone, now: Date.UTC(2026, 5, 1) })
    for (const projection of guilty) evaluateIn(projection, "UTC")
    withoutRuntimeZones(() => {
      for (const projection of guilty) assert.throws(() => evaluateIn(projection, "UTC"), /the runtime was asked/)
      // Zones that nobody has asked for before.
      for (const timeZone of ["America/Vancouver", "Asia/Pyongyang", "Antarctica/Troll", "Asia/Calcutta", "+05:30", "europe/oslo"]) {
        for (const projection of catalog) evaluateIn(projection, timeZone)
      }
    })
  })
})

const longestStreak = Schema.decodeUnknownSync(Schema.Struct({ longest_streak: Schema.Number }))

/** Runs something while whatever asks the runtime for a zone throws. */
const withoutRuntimeZones = (run: () => void): void => {
  const methods = [
    "getFullYear",
    "getMonth",
    "getDate",
    "getDay",
    "getHours",
    "getMinutes",
    "getTimezoneOffset",
    "setHours",
    "toString",
    "toDateString",
    "toTimeString",
    "toLocaleString",
    "toLocaleDateString",
    "toLocaleTimeString"
  ] as const
  const refuse = function() {
    throw new Error("the runtime was asked for a zone")
  }
  const format = Intl.DateTimeFormat
  const before = methods.map((name) => [name, Date.prototype[name]] as const)
  try {
    Object.assign(Intl, { DateTimeFormat: refuse })
    for (const name of methods) Object.assign(Date.prototype, { [name]: refuse })
    run()
  } finally {
    Object.assign(Intl, { DateTimeFormat: format })
    for (const [name, method] of before) Object.assign(Date.prototype, { [name]: method })
  }
}

layer(database, { excludeTestServices: true })("a log with days on which runtimes do not agree", (it) => {
  it.effect("counts the same in what was kept, in what is folded again, and in every reading", () =>
    Effect.gen(function*() {
      const service = yield* Layer.build(Layer.fresh(testService()))
      yield* Effect.gen(function*() {
        const events = loginsOf("player", "2026-11-14T12:00:00Z", "2026-11-15T07:30:00Z")
        const tenant = yield* tenantIn("America/Vancouver", events)
        assert.deepStrictEqual(yield* activeDays("player"), [2])
        const travelled = yield* Effect.flatMap(TimeTravel, ({ read }) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) =>
            read(tenant, UserId("player"), { sections: ["logins"], instant: now })))
        assert.deepInclude(travelled?.["logins"], { active_days: 2, longest_streak: 2 })
        const explained = yield* Effect.flatMap(Explanation, ({ explain }) =>
          explain(tenant, UserId("player"), { path: "logins.active_days", after: Position(0), limit: 10 }))
        assert.deepInclude(explained, { value: 2 })
        yield* assertVerified("player")

        // A zone from when offsets were taken goes on as it was.
        const sql = yield* PgClient.PgClient
        yield* sql`insert into tenants (name, time_zone) values ('older', '+02:00')`
        const older = yield* Effect.flatMap(Tenants, ({ get }) =>
          get("older"))
        yield* Effect.flatMap(EventLog, ({ append }) =>
          append(
            loginsOf("player", "2026-07-01T21:59:59Z", "2026-07-01T22:00:00Z").map((event) =>
              newEvent(older, event)
            )
          ))
        const [document] = yield* Effect.flatMap(Counters, ({ read }) =>
          read(older, [UserId("player")], { sections: ["logins"], consistency: strong }))
        assert.deepInclude(document?.["logins"], { active_days: 2, longest_streak: 2 })
      }).pipe(Effect.provide(service))
    }))
})

layer(database, { excludeTestServices: true })("an update of the zone data", (it) => {
  it.effect("is a change like any other: diff shows whose days move, activate switches, rollback goes back", () =>
    Effect.gen(function*() {
      // Morocco gave up its summer time of all year in 2026: half past eleven in the evening was
      // the next date by the older data.
      const older = [logins, activity].map((projection) => withZones(projection, { version: 7, zones: zones2026b }))
      const newer = [logins, activity].map((projection) => withZones(projection, { version: 8, zones: currentZones }))
      const before = yield* Layer.build(Layer.fresh(testService({ projections: older })))
      const [noon, late] = ["2026-11-20T12:00:00Z", "2026-11-20T23:30:00Z"]
      yield* tenantIn("Africa/Casablanca", [...loginsOf("moves", noon, late), ...loginsOf("stays", noon, "2026-11-21T12:00:00Z")]).pipe(
        Effect.provide(before)
      )
      assert.deepStrictEqual(yield* Effect.provide(activeDays("moves", "stays"), before), [2, 2])

      const withOther = [withZones(logins, { version: 7, zones: currentZones })]
      const refused = yield* Effect.flip(Layer.build(Layer.fresh(testService({ projections: withOther }))))
      assert.strictEqual(refused._tag, "ProjectionChanged")
      const refusedByCommand = yield* projectionsCommand(withOther, "list")
      assert.strictEqual(refusedByCommand.code, 1)
      assert.include(refusedByCommand.stderr, "logins v7 does something else than when its rows were made. Give it the version 8")

      const known = [...older, ...newer]
      const after = yield* Layer.build(Layer.fresh(testService({ projections: known })))
      yield* succeed(known, "rebuild", "logins", "activity")
      const diff = yield* succeed(known, "diff", "logins")
      assert.include(diff, "logins v8 changes 1 of the 2 users compared with v7.")
      const ofActivity = yield* succeed(known, "diff", "activity")
      assert.include(ofActivity, "activity v8 changes 1 of the 2 users compared with v7.")
      assert.match(ofActivity, /^moves +2026-11-21 logins +login_count +1 +-/m)
      assert.notInclude(ofActivity, "stays")

      assert.strictEqual((yield* projectionsCommand(known, "activate", "logins")).code, 1)
      yield* succeed(known, "activate", "logins", "--accept")
      assert.deepStrictEqual(yield* Effect.provide(activeDays("moves", "stays"), after), [1, 2])
      // Both are fed from here on, each by its data.
      yield* Effect.gen(function*() {
        const tenant = yield* Effect.flatMap(Tenants, ({ get }) => get("brand"))
        yield* Effect.flatMap(EventLog, ({ append }) => append(loginsOf("stays", late).map((event) => newEvent(tenant, event))))
        assert.deepStrictEqual(yield* activeDays("moves", "stays"), [1, 2])
        yield* assertVerified("moves", "stays")
      }).pipe(Effect.provide(after))
      yield* succeed(known, "rollback", "logins")
      assert.deepStrictEqual(yield* Effect.provide(activeDays("moves", "stays"), after), [2, 2])
    }), 60_000)
})

layer(database, { excludeTestServices: true })("a database from before zone data was pinned", (it) => {
  it.effect(
    "is read on as it was until the next versions are built and activated, and never gets the former ones again",
    () =>
      Effect.gen(function*() {
        const former = [logins, leaderboards].map((projection) => withZones(projection, { version: 1, zones: runtimeZones }))
        const before = yield* Layer.build(Layer.fresh(testService({ projections: former })))
        yield* tenantIn("Pacific/Apia", loginsOf("player", "2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00")).pipe(
          Effect.provide(before)
        )
        const streak = Effect.gen(function*() {
          const tenant = yield* Effect.flatMap(Tenants, ({ get }) => get("brand"))
          const selection = { board: "login_streak", period: "all", day: undefined, currency: null } as const
          const board = yield* Effect.flatMap(Leaderboards, ({ top }) => top(tenant, selection, { limit: 1, consistency: strong }))
          const [document] = yield* Effect.flatMap(
            Counters,
            ({ read }) => read(tenant, [UserId("player")], { sections: ["logins"], consistency: strong })
          )
          const [entry] = board.entries
          return [longestStreak(document?.["logins"]).longest_streak, entry?.score, entry?.reached_at]
        })
        // The 30th never was there, and broke the streak.
        assert.deepStrictEqual(yield* Effect.provide(streak, before), [1, 1, "2011-12-29"])

        const released = [logins, leaderboards, ...formerVersions.filter(({ name }) => name === "logins" || name === "leaderboards")]
        const after = yield* Layer.build(Layer.fresh(testService({ projections: released })))
        assert.deepStrictEqual(yield* Effect.provide(streak, after), [1, 1, "2011-12-29"])
        yield* succeed(released, "rebuild", "logins", "leaderboards")
        for (const name of ["logins", "leaderboards"]) {
          yield* succeed(released, "activate", name, "--accept")
        }
        assert.deepStrictEqual(yield* Effect.provide(streak, after), [2, 2, "2011-12-31"])
        yield* succeed(released, "remove", "logins", "--version", "1")
        const list = yield* succeed(released, "list")
        assert.notMatch(list, /^logins +1 /m)
        assert.match(list, /^logins +2 +active/m)
        assert.match(list, /^leaderboards +1 /m)
      }),
    60_000
  )
})
