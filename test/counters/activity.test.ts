import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Activity } from "../../src/counters/Activity.ts"
import { Games } from "../../src/counters/Games.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { activity } from "../../src/projections/catalog/activity.ts"
import { casino } from "../../src/projections/catalog/casino.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { parseDay } from "../../src/values/dayRuns.ts"
import type { Granularity } from "../../src/values/period.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bet, login, payment } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testService } from "../support/service/TestService.ts"

const consistency = { _tag: "Strong", waitSeconds: 10 } as const

const periodsOf = (tenant: Tenant, from: string, to: string, granularity: Granularity) =>
  Effect.map(
    Effect.flatMap(Activity, ({ read }) =>
      read(tenant, UserId("player"), { from: parseDay(from) ?? NaN, to: parseDay(to) ?? NaN, granularity, consistency })),
    (document) =>
      document?.periods.map(({ from, product, to, ...figures }) => [from, to, product, figures["login_count"] ?? figures["deposit_amount"]])
  )

layer(testService({ projections: [activity] }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })(
  "Activity",
  (it) => {
    it.effect("puts days together by the tenant's weeks and by months, cut at the ends of the range", () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const [monday, sunday] = [yield* newTenant("weeks", "Europe/Berlin"), yield* newTenant("from Sunday", "Europe/Berlin", 7)]
        const events = [
          // 2026-01-31 is a Saturday; it begins at 23:00 UTC of the 30th, the 1st of February an
          // hour before midnight UTC.
          ...[
            "2026-01-29T12:00:00Z",
            "2026-01-30T22:59:59Z",
            "2026-01-30T23:00:00Z",
            "2026-01-31T22:59:59Z",
            "2026-01-31T23:00:00Z",
            "2026-02-02T00:00:00Z"
          ]
            .map((at) => login({ at })),
          payment({ at: "2026-01-31T23:00:00Z", amount: "0.1" }),
          payment({ at: "2026-02-28T12:00:00Z", amount: "0.2" })
        ]
        yield* log.append([monday, sunday].flatMap((tenant) => events.map((event) => newEvent(tenant, event))))

        assert.deepStrictEqual(yield* periodsOf(monday, "2026-01-30", "2026-02-02", "day"), [
          ["2026-01-30", "2026-01-30", "logins", 1],
          ["2026-01-31", "2026-01-31", "logins", 2],
          ["2026-02-01", "2026-02-01", "logins", 1],
          ["2026-02-01", "2026-02-01", "payments", "0.1"],
          ["2026-02-02", "2026-02-02", "logins", 1]
        ])
        assert.deepStrictEqual(yield* periodsOf(monday, "2026-01-30", "2026-03-31", "week"), [
          ["2026-01-30", "2026-02-01", "logins", 4],
          ["2026-01-30", "2026-02-01", "payments", "0.1"],
          ["2026-02-02", "2026-02-08", "logins", 1],
          ["2026-02-23", "2026-03-01", "payments", "0.2"]
        ])
        assert.deepStrictEqual(yield* periodsOf(sunday, "2026-01-01", "2026-02-03", "week"), [
          ["2026-01-25", "2026-01-31", "logins", 4],
          ["2026-02-01", "2026-02-03", "logins", 2],
          ["2026-02-01", "2026-02-03", "payments", "0.1"]
        ])
        assert.deepStrictEqual(yield* periodsOf(monday, "2026-01-31", "2026-02-28", "month"), [
          ["2026-01-31", "2026-01-31", "logins", 2],
          ["2026-02-01", "2026-02-28", "logins", 2],
          ["2026-02-01", "2026-02-28", "payments", "0.3"]
        ])
        assert.deepStrictEqual(yield* periodsOf(monday, "2026-03-01", "2026-03-31", "day"), [])
      }))

    it.effect("knows nobody without events, nor another tenant's user", () =>
      Effect.gen(function*() {
        const tenant = yield* newTenant("empty")
        assert.isUndefined(yield* periodsOf(tenant, "2026-01-01", "2026-02-03", "day"))
      }))
  }
)

layer(testService({ projections: [casino] }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })(
  "what has not been built yet",
  (it) => {
    it.effect("is no answer, whatever consistency is asked for", () =>
      Effect.gen(function*() {
        const log = yield* EventLog
        const tenant = yield* newTenant("early")
        yield* log.append([newEvent(tenant, bet())])
        const eventual = { _tag: "Eventual" } as const
        const read = yield* Effect.flatMap(Activity, (activity) =>
          Effect.flip(activity.read(tenant, UserId("player"), { from: 0, to: 1, granularity: "day", consistency: eventual })))
        assert.deepInclude(read, { _tag: "ProjectionNotBuilt", projections: ["activity"] } as const)
        const games = yield* Games
        const selection = { sections: games.sections, games: { _tag: "Page", from: "", limit: 1 }, consistency: eventual } as const
        const notBuilt = { _tag: "ProjectionNotBuilt", projections: games.sections } as const
        assert.deepInclude(yield* Effect.flip(games.read(tenant, UserId("player"), selection)), notBuilt)
      }))
  }
)
