import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { FetchHttpClient } from "effect/http"
import * as Redacted from "effect/Redacted"
import { EffectClient, UserId } from "../../src/http/EffectClient.ts"
import { Unauthenticated } from "../../src/http/problems/keys.ts"
import { UserNotFound } from "../../src/http/problems/notFound.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { apiKey, startService } from "../support/service/ServiceProcess.ts"

layer(TestDatabase.layer, { excludeTestServices: true })("a client made of the API", (it) => {
  it.effect("sends, reads what the schemas say, and fails with the problem's class", () =>
    Effect.gen(function*() {
      const { url } = yield* startService()
      const used = Effect.gen(function*() {
        const { admin, ingest, reading } = yield* EffectClient
        const data = { user_id: "player-1", timestamp: "2026-01-31T12:00:00Z", unique_id: "1" }
        yield* ingest.bulk({ payload: [{ event: "realtime-login", data }] })
        const params = { user_id: UserId.make("player-1") }
        const counters = yield* reading.counters({ params, query: { consistency: "strong" } }).pipe(
          Effect.retry({ while: ({ _tag }) => _tag === "ProjectionBehind" })
        )
        const events = yield* reading.events({ params, query: {} })
        const missing = yield* Effect.flip(reading.counters({ params: { user_id: UserId.make("nobody") }, query: {} }))
        yield* admin.eraseUser({ params, query: {} })
        const erased = yield* Effect.flip(reading.events({ params, query: {} }))
        const refused = yield* Effect.flip(Effect.flatMap(EffectClient, (client) => client.reading.users({ query: {} }))).pipe(
          Effect.provide(EffectClient.layer({ url, key: Redacted.make("wrong") }))
        )
        return { counters, events, missing, erased, refused }
      })
      const { counters, erased, events, missing, refused } = yield* used.pipe(
        Effect.provide(EffectClient.layer({ url, key: Redacted.make(apiKey) })),
        Effect.provide(FetchHttpClient.layer)
      )
      assert.containsSubset(counters.body, { user_id: "player-1", logins: { login_count: 1 } })
      assert.match(counters.headers.etag, /^"/)
      assert.containsSubset(events.body?.events, [{ event: "realtime-login", data: { user_id: "player-1", unique_id: "1" } }])
      assert.instanceOf(missing, UserNotFound)
      assert.instanceOf(erased, UserNotFound)
      assert.instanceOf(refused, Unauthenticated)
    }), 60_000)
})
