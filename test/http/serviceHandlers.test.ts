import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { get, postBulk, ready, request, serve, type Stubs } from "./serve.ts"

describe("GET /healthz", () => {
  it.live("answers 200 whatever else is wrong", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ checks: () => ({ ...ready, database: false, migrations: false }) })
      const answer = yield* request(`${url}/healthz`)
      assert.deepStrictEqual([answer.status, answer.json()], [200, { status: "ok" }])
    }))
})

describe("GET /readyz", () => {
  it.live("answers 200 and the checks if all is well", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* request(`${url}/readyz`)
      assert.deepStrictEqual([answer.status, answer.json()], [200, { status: "ready", checks: ready }])
    }))

  it.live.each(
    [
      { ...ready, database: false },
      { ...ready, migrations: false },
      {
        ...ready,
        projections: { running: false, lag_events: 7, lag_seconds: 0.5, ranking_lag_events: 0, ranking_lag_seconds: 0, parked_users: 0 }
      }
    ] satisfies ReadonlyArray<ReturnType<NonNullable<Stubs["checks"]>>>
  )("answers 503 and the checks for %j", (checks) =>
    Effect.gen(function*() {
      const { url } = yield* serve({ checks: () => checks })
      const answer = yield* request(`${url}/readyz`)
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.headers.get("retry-after"), "1")
      assert.deepInclude(answer.json(), { type: "not-ready", checks })
    }))
})

describe("GET /metrics", () => {
  const value = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1])

  it.live("answers what is there in Prometheus' format, without anything of the tenant", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* request(`${url}/metrics`)
      assert.strictEqual(answer.status, 200)
      assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/)
      for (const line of answer.text.trimEnd().split("\n")) assert.match(line, /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{[^}]*\})? \S+)$/)
      assert.strictEqual(value(answer.text, "playtally_active_processors"), 5)
      assert.strictEqual(value(answer.text, "playtally_projection_lag_events"), 12)
      assert.strictEqual(value(answer.text, "playtally_projection_lag_seconds"), 3)
      assert.strictEqual(value(answer.text, "playtally_projection_running"), 1)
      assert.strictEqual(value(answer.text, "playtally_bytes_in_flight"), 0)
      assert.strictEqual(value(answer.text, "playtally_events_in_flight"), 0)
      assert.isAbove(value(answer.text, "process_resident_memory_bytes"), 1_000_000)
      assert.notInclude(answer.text, "tenant-1")
    }))

  it.live("counts requests by class of status", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ read: () => Effect.die("broken") })
      const count = Effect.map(request(`${url}/metrics`), ({ text }) =>
        ["2xx", "4xx", "5xx"].map((status) => value(text, `playtally_http_requests\\{status="${status}"\\}`) || 0))
      const before = yield* count
      yield* postBulk(url, "[]")
      yield* request(`${url}/nothing`)
      yield* postBulk(url, "{")
      yield* get(`${url}/api/v1/users/u/counters`)
      const after = yield* count
      // The first look is counted, too.
      assert.deepStrictEqual(
        after.map((number, index) =>
          number - (before[index] ?? 0)
        ),
        [2, 2, 1]
      )
    }))
})
