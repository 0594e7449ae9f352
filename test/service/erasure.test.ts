import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { generateItems } from "../oracle/generateItems.ts"
import { testSql } from "../support/database/TestSql.ts"
import { assertLogIsSound } from "../support/database/wholeLog.ts"
import { readCounters } from "../support/service/reader.ts"
import { deliver, post, request } from "../support/service/sender.ts"
import { startService } from "../support/service/ServiceProcess.ts"

layer(testSql, { excludeTestServices: true })("a user erased over HTTP", (it) => {
  it.effect(
    "is not found by any read, is not brought back by a resend, and starts from nothing with a new event",
    () =>
      Effect.gen(function*() {
        const { url } = yield* startService()
        const { items, userIds: [userId = "", other = ""] } = generateItems({ seed: 5, users: 3, itemsPerUser: 40, now: new Date() })
        yield* deliver(() => url, items)
        const kept = yield* readCounters(url, other)
        const user = `${url}/api/v1/users/${encodeURIComponent(userId)}`
        const paths = [
          "/counters",
          "/counters?consistency=strong",
          `/counters?as_of=${new Date().toISOString()}`,
          "/counters/explain?path=logins.login_count",
          "/events",
          "/games",
          "/activity?from=2020-01-01&to=2020-01-31&granularity=day"
        ]
        const statuses = Effect.forEach(paths, (path) => Effect.map(request(user + path), ({ status }) => status))
        const remove = Effect.map(request(user, { method: "DELETE" }), ({ status }) => status)
        assert.deepStrictEqual(yield* statuses, paths.map(() => 200))

        assert.strictEqual(yield* remove, 204)
        assert.deepStrictEqual(yield* statuses, paths.map(() => 404))
        assert.strictEqual((yield* deliver(() => url, items)).status, 204)
        assert.deepStrictEqual(yield* statuses, paths.map(() => 404))
        assert.strictEqual(yield* remove, 204)
        assert.deepStrictEqual((yield* readCounters(url, other))["casino"], kept["casino"])

        const login = JSON.stringify([
          { event: "realtime-login", data: { user_id: userId, timestamp: new Date().toISOString(), unique_id: "never sent before" } }
        ])
        assert.strictEqual((yield* post(url, login)).status, 204)
        const { casino, logins, payments } = yield* readCounters(url, userId)
        assert.deepStrictEqual([casino, payments], [{}, {}])
        assert.strictEqual((logins as { readonly login_count: number }).login_count, 1)
        yield* assertLogIsSound
      }),
    60_000
  )
})
