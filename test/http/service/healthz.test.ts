import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ready, request, serve } from "../serve.ts"

describe("GET /healthz", () => {
  it.live("answers 200 whatever else is wrong", () =>
    Effect.gen(function*() {
      const { url } = yield* serve({ checks: () => ({ ...ready, database: false, migrations: false }) })
      const answer = yield* request(`${url}/healthz`)
      assert.deepStrictEqual([answer.status, answer.json()], [200, { status: "ok" }])
    }))
})
