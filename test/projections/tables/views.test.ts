import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testService } from "../../support/service/TestService.ts"

const payment = (status: string, at: number): FastTrackEvent => ({
  event: "realtime-payment",
  userId: UserId("player"),
  occurredAt: at,
  data: {
    entry_timestamp: null,
    process_timestamp: null,
    payment_id: "p",
    type: "credit",
    status,
    amount: "25.5",
    currency: "eur",
    base_amount: "0",
    vendor_name: "card"
  }
})

layer(testService().pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })("SQL views", (it) => {
  it.effect("show the counters under plain names, differences included, and only what counts", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const counters = yield* Counters
      const tenant = yield* newTenant("views")
      yield* log.append(
        [
          bet({ user_id: "player", unique_id: "a", amount: "12.50" }),
          bet({ user_id: "player", unique_id: "b", amount: "0.5" }),
          payment("approved", 1)
        ].map((event) => newEvent(tenant, event))
      )
      const read = counters.read(tenant, [UserId("player")], {
        sections: counters.sections,
        consistency: { _tag: "Strong", waitSeconds: 5 }
      })
      yield* read
      assert.deepStrictEqual(
        yield* sql`select user_id, currency, bet_count, bet_amount, net_bet_amount, ggr from casino_totals`,
        [{ user_id: "player", currency: "EUR", bet_count: 2n, bet_amount: "13", net_bet_amount: "13", ggr: "13" }]
      )
      assert.deepStrictEqual(yield* sql`select deposit_count, biggest_deposit from payments_totals`, [
        { deposit_count: 1n, biggest_deposit: "25.5" }
      ])
      yield* log.append([newEvent(tenant, payment("rollback", 2))])
      yield* read
      assert.deepStrictEqual(yield* sql`select * from payments_totals`, [])
      assert.deepStrictEqual(yield* sql`select direction, payment_id, is_rolled_back from payments`, [
        { direction: "deposit", payment_id: "p", is_rolled_back: true }
      ])
    }))
})
