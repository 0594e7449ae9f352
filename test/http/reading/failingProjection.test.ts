import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ProjectionFailing } from "../../../src/counters/ConsistentReads.ts"
import { get, request, serve } from "../serve.ts"

const fail = () => Effect.fail(new ProjectionFailing({ projections: ["casino"] }))
const stubs = { read: fail, readAsOf: fail, explain: fail, readGames: fail, readActivity: fail, readTop: fail, readPlace: fail }

describe("a projection that this process's code cannot run", () => {
  it.live.each([
    "users/u/counters",
    "users/u/counters?as_of=2026-01-01T00:00:00Z",
    "users/u/counters/explain?path=casino.EUR.ggr",
    "users/u/games",
    "users/u/activity?from=2026-01-01&to=2026-01-01",
    "leaderboards/casino_turnover?currency=EUR",
    "leaderboards/casino_turnover/users/u?currency=EUR"
  ])("is answered 501, which nobody is told to try again: %s", (path) =>
    Effect.gen(function*() {
      const { logged, url } = yield* serve(stubs)
      const answer = yield* get(`${url}/api/v1/${path}`)
      assert.deepStrictEqual([answer.status, answer.headers.get("retry-after")], [501, null])
      assert.deepInclude(answer.json(), { type: "projection-failing", projections: ["casino"] })
      assert.lengthOf(logged, 1)
    }))

  it.live("is answered 501 to a batch of users", () =>
    Effect.gen(function*() {
      const { url } = yield* serve(stubs)
      const answer = yield* request(`${url}/api/v1/users/counters`, {
        method: "POST",
        body: "{\"user_ids\": [\"u\"]}",
        headers: { "x-api-key": "key-all", "content-type": "application/json" }
      })
      assert.deepStrictEqual([answer.status, answer.json()["type"]], [501, "projection-failing"])
    }))
})
