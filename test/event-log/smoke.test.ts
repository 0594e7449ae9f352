import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../src/counters/Counters.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import { testService } from "../support/TestService.ts"

layer(testService().pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })("smoke", (it) => {
  it.effect("takes a batch and counts it", () =>
    Effect.gen(function*() {
      const tenants = yield* Tenants
      const ingest = yield* Ingest
      const counters = yield* Counters
      const tenant = yield* tenants.create("demo", "UTC")
      const items = [
        { event: "realtime-casino", data: { user_id: "u1", timestamp: "2026-01-01T10:00:00Z", unique_id: "a", game_id: "g", round_id: "r", type: "bet", amount: 12.5, currency: "eur", bonus_wager_amount: 0 } },
        { event: "realtime-casino", data: { user_id: "u1", timestamp: "2026-01-01T10:00:00Z", unique_id: "a", game_id: "g", round_id: "r", type: "bet", amount: 12.5, currency: "eur", bonus_wager_amount: 0 } },
        { event: "realtime-payment", data: { user_id: "u1", timestamp: "2026-01-01T10:00:00Z", payment_id: "p1", type: "Credit", status: "Approved", amount: 100, currency: "EUR", vendor_name: "v" } },
        { event: "realtime-login", data: { user_id: "u1", timestamp: "2026-01-01T10:00:00Z", unique_id: "l" } },
        { event: "nope" }
      ]
      const report = yield* ingest.batch(tenant, items, { strict: false })
      console.log(JSON.stringify(report))
      const again = yield* ingest.batch(tenant, items, { strict: false })
      console.log(JSON.stringify(again))
      const docs = yield* counters.read(tenant, ["u1", "u2"], { sections: counters.sections, consistency: { _tag: "Strong", waitSeconds: 5 } })
      console.log(JSON.stringify(docs, null, 1))
      assert.strictEqual(report.accepted, 3)
    }))
})
