import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { parseCounterPath, valueAt } from "../../../src/counters/history/counterPath.ts"
import { EventEffects } from "../../../src/counters/history/EventEffects.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { logins } from "../../../src/projections/catalog/logins.ts"
import { payments } from "../../../src/projections/catalog/payments.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { addDecimals } from "../../../src/values/decimalArithmetic.ts"
import { Position } from "../../../src/values/Position.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { generateItems } from "../../oracle/generateItems.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bulkItems } from "../../support/events/bulkItems.ts"
import { bet, login } from "../../support/events/events.ts"
import { newEvent } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testService } from "../../support/service/TestService.ts"

/** Fails on a bet named "poison". */
const fragile: AnyProjection = {
  ...casino,
  contribute: (event, context) => {
    if (event.event === "realtime-casino" && event.data.unique_id === "poison") throw new Error("cannot fold poison")
    return casino.contribute?.(event, context) ?? []
  }
}

const positionsOf = Effect.fnUntraced(function*(tenantId: Parameters<EventLog["Service"]["readUserPage"]>[0]["tenantId"], userId: UserId) {
  const { readUserPage } = yield* EventLog
  const { events } = yield* readUserPage({ tenantId, userId, before: Number.MAX_SAFE_INTEGER, limit: 500 })
  return events.map(({ position }) => position).toReversed()
})

layer(
  testService({ projections: [fragile, payments, logins] }).pipe(Layer.provideMerge(TestDatabase.layer)),
  { excludeTestServices: true }
)("EventEffects", (it) => {
  it.effect("add up to what the counters say, page by page and at once", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      const { items, userIds } = generateItems({ seed: 32, users: 3, itemsPerUser: 60 })
      yield* (yield* Ingest).batch(tenant, bulkItems(items), { strict: false })
      const counters = yield* Counters
      const { read } = yield* EventEffects
      const documents = yield* counters.read(tenant, userIds.map((each) => UserId(each)), {
        sections: counters.sections,
        consistency: { _tag: "Strong", waitSeconds: 10 }
      })
      let added = 0
      for (const document of documents) {
        const positions = yield* positionsOf(tenant.tenantId, document.user_id)
        const whole = yield* read(tenant, document.user_id, positions)
        assert.deepStrictEqual(whole?.stale, [])
        const sums = new Map<string, string>()
        const last = new Map<string, unknown>()
        for (let start = 0; start < positions.length; start += 7) {
          const page = positions.slice(start, start + 7)
          const { changes } = (yield* read(tenant, document.user_id, page)) ?? assert.fail()
          for (const position of page) {
            assert.deepStrictEqual(changes.get(position), whole?.changes.get(position))
            for (const { difference, kind, path, value } of changes.get(position) ?? []) {
              last.set(path, value)
              if (kind !== "other") sums.set(path, addDecimals(sums.get(path) ?? "0", String(difference)))
            }
          }
        }
        for (const [path, value] of last) {
          // These depend on the present too.
          if (path.startsWith("logins.current_streak") || path.startsWith("logins.streak_expires_at")) continue
          const [section = "", ...names] = parseCounterPath(path) ?? []
          const now = valueAt(document[section], names)
          assert.strictEqual(String(now ?? (sums.has(path) ? 0 : null)), String(value), path)
          if (sums.has(path)) assert.strictEqual(sums.get(path), String(now ?? 0), path)
          added++
        }
      }
      assert.isAbove(added, 20)
    }))

  it.effect("say nothing of a section from an event on that its fold fails on", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      const user_id = UserId("user")
      yield* (yield* EventLog).append([
        newEvent(tenant, bet({ user_id, unique_id: "1", amount: "10" })),
        newEvent(tenant, bet({ user_id, unique_id: "poison", amount: "10" })),
        newEvent(tenant, login({ user_id, unique_id: "l" })),
        newEvent(tenant, bet({ user_id, unique_id: "2", amount: "10" }))
      ])
      const { read } = yield* EventEffects
      const positions = yield* positionsOf(tenant.tenantId, user_id)
      const { changes, stale } = (yield* read(tenant, user_id, positions)) ?? assert.fail()
      assert.deepStrictEqual(stale, ["casino"])
      assert.deepStrictEqual(
        positions.map((position) => (changes.get(position) ?? []).flatMap(({ path }) => /^[a-z]+/.exec(path) ?? [])[0]),
        ["casino", undefined, "logins", undefined]
      )
      assert.isUndefined(yield* read(tenant, UserId("nobody"), [Position(1)]))
    }))

  it.effect("are of the last events of a player with thousands", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant()
      const user_id = UserId("busy")
      yield* (yield* EventLog).append(
        Array.from({ length: 3000 }, (_, nth) => newEvent(tenant, bet({ user_id, unique_id: `${nth}`, amount: "1" })))
      )
      const positions = (yield* positionsOf(tenant.tenantId, user_id)).slice(-3)
      const { read } = yield* EventEffects
      const { changes } = (yield* read(tenant, user_id, positions)) ?? assert.fail()
      assert.deepStrictEqual(
        positions.map((position) => changes.get(position)?.find(({ path }) => path === "casino.EUR.bet_amount")?.value),
        ["2998", "2999", "3000"]
      )
    }))
})
