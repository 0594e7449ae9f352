import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { ReadinessChecks } from "../../../src/readiness/ReadinessChecks.ts"
import { ready, request, serve } from "../serve.ts"

describe("GET /readyz", () => {
  it.live("answers 200 and the checks if all is well", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const answer = yield* request(`${url}/readyz`)
      assert.deepStrictEqual([answer.status, answer.json()], [200, { status: "ready", checks: ready }])
    }))

  it.live.each(
    [
      [/database does not answer/, { database: false, writable: false, migrations: false }],
      [/schema/, { migrations: false, log_whole: false }],
      [/import/, { log_whole: false }],
      [/standby or read-only/, { writable: false }]
    ] satisfies ReadonlyArray<readonly [RegExp, Partial<ReadinessChecks>]>
  )("answers 503, the checks and why for %s", ([why, wrong]) =>
    Effect.gen(function*() {
      const checks = { ...ready, ...wrong }
      const { url } = yield* serve({ checks: () => checks })
      const answer = yield* request(`${url}/readyz`)
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.headers.get("retry-after"), "1")
      assert.deepInclude(answer.json(), { type: "not-ready", checks })
      assert.match(String(answer.json()["detail"]), why)
      // What can be read can be read from a standby too.
      const isReadable = checks.database && checks.migrations && checks.log_whole
      assert.strictEqual((yield* request(`${url}/readyz?for=reading`)).status, isReadable ? 200 : 503)
    }))

  it.live.each(
    [
      [/not running/, { running: false }],
      [/Position 17 of slice 33/, { gaps: [{ slice: 33, position: 17 }] }],
      [/251 more slices/, { gaps: Array.from({ length: 256 }, (_, slice) => ({ slice, position: 1 })) }],
      [
        /not been measured/,
        { lag_events: null, lag_seconds: null, ranking_lag_events: null, ranking_lag_seconds: null, parked_users: null }
      ],
      [/31 s behind, and READY_LAG_SECONDS is 30/, { lag_events: 7, lag_seconds: 31 }]
    ] satisfies ReadonlyArray<readonly [RegExp, Partial<ReadinessChecks["projections"]>]>
  )("keeps readers away, and nobody who sends, for %s", ([why, wrong]) =>
    Effect.gen(function*() {
      const checks = { ...ready, projections: { ...ready.projections, ...wrong } }
      const { url } = yield* serve({ checks: () => checks, settings: { READY_LAG_SECONDS: "30" } })
      for (const path of ["/readyz", "/readyz?for=ingestion"]) {
        const answer = yield* request(url + path)
        assert.deepStrictEqual([answer.status, answer.json()], [200, { status: "ready", checks }])
      }
      const answer = yield* request(`${url}/readyz?for=reading`)
      assert.strictEqual(answer.status, 503)
      assert.deepInclude(answer.json(), { type: "not-ready", checks })
      assert.match(String(answer.json()["detail"]), why)
    }))

  it.live("takes a lag of as many seconds as are set, and whatever the leaderboards have, and nothing else for a purpose", () =>
    Effect.gen(function*() {
      const projections = { ...ready.projections, lag_events: 7, lag_seconds: 30, ranking_lag_events: 700, ranking_lag_seconds: 300 }
      const { url } = yield* serve({ checks: () => ({ ...ready, projections }), settings: { READY_LAG_SECONDS: "30" } })
      assert.strictEqual((yield* request(`${url}/readyz?for=reading`)).status, 200)
      assert.deepInclude((yield* request(`${url}/readyz?for=writing`)).json(), { type: "invalid-request" })
    }))
})
