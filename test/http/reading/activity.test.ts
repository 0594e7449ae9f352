import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Activity } from "../../../src/counters/Activity.ts"
import { ProjectionBehind, ProjectionParked } from "../../../src/counters/ConsistentReads.ts"
import { DatabaseUnavailable } from "../../../src/database/DatabaseUnavailable.ts"
import { formatDay } from "../../../src/values/dayRuns.ts"
import { get, serve } from "../serve.ts"

type Read = Activity["Service"]["read"]

const document = {
  time_zone: "UTC",
  generations: { activity: 0 },
  periods: [{ from: "2026-01-01", to: "2026-01-01", product: "logins", currency: null, login_count: 2 }]
} as const

/** Notes what was asked for. */
const noting = () => {
  const readings: Array<object> = []
  const readActivity: Read = (_, __, { from, to, ...options }) =>
    Effect.sync(() => {
      readings.push({ from: formatDay(from), to: formatDay(to), ...options })
      return document
    })
  return { readings, readActivity }
}

describe("GET a user's activity", () => {
  it.live("answers the document as it is read, day by day unless told otherwise", () =>
    Effect.gen(function*() {
      const { readActivity, readings } = noting()
      const { url } = yield* serve({ readActivity })
      const answer = yield* get(`${url}/api/v1/users/u/activity?from=2026-01-01&to=2026-01-31`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.text, JSON.stringify(document))
      yield* get(`${url}/api/v1/users/u/activity?from=2024-02-29&to=2024-02-29&granularity=week&consistency=strong`)
      assert.deepStrictEqual(readings, [
        { from: "2026-01-01", to: "2026-01-31", granularity: "day", consistency: { _tag: "Eventual" } },
        { from: "2024-02-29", to: "2024-02-29", granularity: "week", consistency: { _tag: "Strong", waitSeconds: 5 } }
      ])
      const etag = answer.headers.get("etag") ?? ""
      assert.strictEqual(
        (yield* get(`${url}/api/v1/users/u/activity?from=2026-01-01&to=2026-01-31`, { "if-none-match": etag })).status,
        304
      )
    }))

  it.live.each([
    ["from=2025-01-01&to=2026-02-04", 200],
    ["from=2025-01-01&to=2026-02-05", 400],
    ["from=2016-01-01&to=2026-01-07&granularity=week", 200],
    ["from=2016-01-01&to=2026-01-08&granularity=week", 400],
    ["from=2016-01-01&to=2026-01-07&granularity=month", 200],
    ["from=2016-01-01&to=2026-01-08&granularity=month", 400],
    ["from=2026-01-02&to=2026-01-01", 400],
    ["from=2026-01-01&to=2026-01-32", 400],
    ["from=2026-01-01&to=2025-02-29", 400],
    ["from=2026-01-01&to=2026-01-01T00:00:00Z", 400],
    ["from=2026-01-01&to=", 400],
    ["from=2026-01-01", 400]
  ])("takes ranges that exist, up to 400 days and ten years: %s", ([query, status]) =>
    Effect.gen(function*() {
      const { readActivity } = noting()
      const { url } = yield* serve({ readActivity })
      const answer = yield* get(`${url}/api/v1/users/u/activity?${query}`)
      assert.strictEqual(answer.status, status)
      if (status === 400) assert.deepNestedInclude(answer.json(), { type: "invalid-request", "issues[0].path": ["query", "to"] })
    }))

  it.live.each(["granularity=year", "granularity=", "currency=EUR", "consistency=x"])(
    "answers 400 to %s, naming it",
    (query) =>
      Effect.gen(function*() {
        const { url } = yield* serve({ readActivity: () => Effect.die("read") })
        const answer = yield* get(`${url}/api/v1/users/u/activity?from=2026-01-01&to=2026-01-01&${query}`)
        assert.strictEqual(answer.status, 400)
        assert.deepNestedInclude(answer.json(), { "issues[0].path": ["query", query.replace(/=.*/, "")] })
      })
  )

  it.live("answers 404 for a user without events", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* get(`${url}/api/v1/users/u/activity?from=2026-01-01&to=2026-01-01`)
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [404, "user-not-found"])
    }))

  it.live.each(
    [
      [new ProjectionBehind({ waited: 0 }), "projection-behind"],
      [new ProjectionParked({ userId: "u", projections: ["activity"] }), "projection-parked"],
      [new DatabaseUnavailable({ operation: "secret", cause: new Error("secret") }), "unavailable"]
    ] as const
  )("answers 503 to %s", ([error, type]) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ readActivity: () => Effect.fail(error) })
      const answer = yield* get(`${url}/api/v1/users/u/activity?from=2026-01-01&to=2026-01-01`)
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [503, type])
    }))
})
