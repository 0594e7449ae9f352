import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { eventsUncounted } from "../../src/ingest/metrics.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { UserId } from "../../src/values/UserId.ts"
import { itemOf } from "../fasttrack/wireItem.ts"
import { inEveryDatabase } from "../support/database/everyDatabase.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bodyItems } from "../support/events/bulkItems.ts"
import { testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"
import { runCommand, testSettings } from "./runCommand.ts"

const services = Layer.mergeAll(testService(), NodeServices.layer).pipe(Layer.provideMerge(TestDatabase.layer))

layer(services, { excludeTestServices: true })("events uncounted", (it) => {
  const run = (...args: ReadonlyArray<string>) =>
    Effect.flatMap(testSettings, (settings) => runCommand(["events", "uncounted", ...args], settings))

  const payment = (user: string, id: string, type: string, status: string, day = 1) =>
    itemOf("realtime-payment", {
      user_id: JSON.stringify(user),
      payment_id: JSON.stringify(id),
      type: JSON.stringify(type),
      status: JSON.stringify(status),
      timestamp: `"2026-01-0${day}T12:00:00Z"`
    })

  it.effect("shows the words for which stored events are not counted, each event once, until their user is erased", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const tenants = yield* Tenants
      const [one, other] = [yield* tenants.create("brand a", "UTC"), yield* tenants.create("brand b", "UTC")]
      const counted = Effect.map(Metric.value(eventsUncounted("realtime-payment")), ({ count }) => Number(count))
      const before = yield* counted
      const items = bodyItems(`[${
        [
          payment("u", "1", "Credit", "Completed", 2),
          payment("v", "1", "credit", "COMPLETED", 1),
          payment("v", "2", "credit", "completed", 3),
          payment("v", "3", "credit", "Approved"),
          payment("v", "4", "evil\u001b[31m", "approved"),
          itemOf("realtime-sports-bet", { user_id: `"v"`, status: `"Open"` })
        ].join()
      }]`)
      for (const _ of [1, 2]) yield* batch(one, items, { strict: false })
      yield* batch(other, bodyItems(`[${payment("u", "1", "voucher", "approved")}]`), { strict: false })
      // A resend is no other event.
      assert.strictEqual((yield* counted) - before, 5)

      const wordsOf = (...args: ReadonlyArray<string>) =>
        Effect.map(run(...args), ({ code, stderr, stdout }) => {
          assert.strictEqual(code, 0, stderr)
          return stdout.split("\n").slice(1, -1).map((line) => line.split(/ {2,}/))
        })
      yield* untilEffect(
        Effect.map(
          inEveryDatabase((sql) => sql<{ n: number }>`select coalesce(sum(event_count), 0)::int as n from uncounted_totals`),
          (counts) => counts.reduce((sum, { n }) => sum + n, 0) === 6
        )
      )
      const [first, ...rest] = yield* wordsOf("brand a")
      assert.deepStrictEqual(first, [
        "brand a",
        "realtime-payment",
        "status",
        "completed",
        "3",
        "2026-01-01T12:00:00.000Z",
        "2026-01-03T12:00:00.000Z"
      ])
      assert.deepStrictEqual(rest.map((row) => row.slice(1, 5)), [
        ["realtime-payment", "type", "evil\\u001b[31m", "1"],
        ["realtime-sports-bet", "status", "open", "1"]
      ])
      assert.deepStrictEqual(
        new Set((yield* wordsOf()).map(([tenant, , , word]) => `${tenant} ${word}`)),
        new Set(["brand a completed", "brand a evil\\u001b[31m", "brand a open", "brand b voucher"])
      )
      assert.include((yield* run("brand a", "--limit", "1")).stderr, "There may be more words")

      yield* (yield* UserErasure).erase(one, UserId("v"))
      assert.deepStrictEqual((yield* wordsOf("brand a")).map((row) => row.slice(3, 5)), [["completed", "1"]])
    }))

  it.effect("says what is not there", () =>
    Effect.gen(function*() {
      const unknown = yield* run("nobody")
      assert.deepStrictEqual([unknown.code, unknown.stdout], [1, ""])
      assert.match(unknown.stderr, /There is no tenant "nobody"/)
      const sql = yield* PgClient.PgClient
      yield* sql`drop view uncounted_totals`
      const missing = yield* run()
      assert.deepStrictEqual([missing.code, missing.stdout], [1, ""])
      assert.match(missing.stderr, /uncounted is not built yet/)
    }))
})
