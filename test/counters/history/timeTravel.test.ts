import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Counters } from "../../../src/counters/Counters.ts"
import { TimeTravel } from "../../../src/counters/history/TimeTravel.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import type { RecordedEvent } from "../../../src/event-log/RecordedEvent.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { TenantId } from "../../../src/values/TenantId.ts"
import { UserId } from "../../../src/values/UserId.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import { identityOf, referenceCounters } from "../../oracle/referenceCounters.ts"
import { referenceSections } from "../../oracle/referenceSections.ts"
import { TestDatabase, testPartitions } from "../../support/database/TestDatabase.ts"
import { bulkItems } from "../../support/events/bulkItems.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testService } from "../../support/service/TestService.ts"
import { untilAfter, untilEffect } from "../../support/time/until.ts"

/** An item says of itself what it is; so does an event, in the same fields. */
const identityOfLogged = ({ event: { data, event }, userId }: RecordedEvent) =>
  identityOf({ event, data: { ...data, user_id: userId } } as unknown as FastTrackItem)

const everyEvent = (tenantId: string, userId: string) =>
  Effect.flatMap(
    EventLog,
    (log) => log.readUser({ tenantId: TenantId(tenantId), userId: UserId(userId), before: Number.MAX_SAFE_INTEGER, limit: 100_000 })
  )

layer(testService().pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })("TimeTravel", (it) => {
  it.effect("reads at any time what a direct reading makes of the events recorded by then", () =>
    Effect.gen(function*() {
      const timeZone = "Pacific/Apia"
      const now = new Date(yield* Clock.currentTimeMillis)
      const random = seededRandom(21)
      const { items, userIds } = generateItems({ seed: 21, users: 30, itemsPerUser: 25, timeZone, now })
      const tenant = yield* newTenant("past", timeZone)
      const ingest = yield* Ingest
      for (const batch of cutIntoBatches(random, shuffle(random, items), 40)) {
        yield* ingest.batch(tenant, bulkItems(batch), { strict: false })
      }
      const sql = yield* PgClient.PgClient
      const timeTravel = yield* TimeTravel
      const byIdentity = new Map(items.toReversed().map((item) => [identityOf(item), item]))
      let tried = 0
      for (const userId of userIds) {
        const events = (yield* everyEvent(tenant.tenantId, userId)).toReversed()
        const times = [...new Set(events.map(({ recordedAt }) => recordedAt))]
        const [first = 0] = times
        const last = times.at(-1) ?? 0
        yield* untilAfter(last + 1)
        const some = [first, last, ...Array.from({ length: 3 }, () => random.pick(times))]
        for (const instant of new Set(some.flatMap((time) => [time - 1, time, time + 1]))) {
          const document = yield* timeTravel.read(tenant, UserId(userId), { instant, sections: referenceSections })
          const stored = events.filter(({ recordedAt }) => recordedAt <= instant).map((logged) => byIdentity.get(identityOfLogged(logged)))
          if (stored.length === 0) {
            assert.isUndefined(document)
            continue
          }
          const [head] = yield* sql<{ position: number }>`
            select max(position)::int as position from events
            where slice = ${sliceOf(tenant.tenantId, UserId(userId))} and recorded_at <= ${new Date(instant)}`
          const expected = referenceCounters(stored.filter((item) => item !== undefined), { timeZone, now: new Date(instant), userId })
          const { generations: _, ref: __, ...shown } = document ?? {}
          // The client sees the database at home, and the user may be in another one.
          assert.deepStrictEqual(shown, { ...expected, position: testPartitions === 1 ? head?.position : document?.position })
          tried++
        }
      }
      assert.isAbove(tried, 200)
    }))

  it.effect("reads today what is read today", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("today")
      const log = yield* EventLog
      yield* log.append(["1", "2", "3"].map((id) => newEvent(tenant, bet({ user_id: "user", unique_id: id, amount: "0.1" }))))
      const counters = yield* Counters
      const strong = { sections: ["logins", "casino"], consistency: { _tag: "Strong", waitSeconds: 10 } } as const
      const [present] = yield* counters.read(tenant, [UserId("user")], strong)
      const instant = yield* Clock.currentTimeMillis
      yield* untilAfter(instant)
      assert.deepStrictEqual(yield* (yield* TimeTravel).read(tenant, UserId("user"), { instant, sections: strong.sections }), present)
    }))

  it.effect("refuses the future, and knows nobody before the first event", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("future")
      const timeTravel = yield* TimeTravel
      const now = yield* Clock.currentTimeMillis
      const error = yield* Effect.flip(timeTravel.read(tenant, UserId("user"), { instant: now + 60_000, sections: referenceSections }))
      assert.strictEqual(error._tag, "InFuture")
      for (const instant of [now - 1, 0, Date.UTC(1900)]) {
        assert.isUndefined(yield* timeTravel.read(tenant, UserId("user"), { instant, sections: referenceSections }))
      }
    }))

  it.effect("waits for an append under way, so that what it says of a time never changes", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("under way")
      const userId = userInSlice(tenant, 77)
      const event = newEvent(tenant, bet({ user_id: userId, unique_id: "under way" }))
      const sql = yield* PgClient.PgClient
      const timeTravel = yield* TimeTravel
      const clockRead = yield* Deferred.make<number>()
      const mayCommit = yield* Deferred.make<void>()
      // As an append does it: the head's row, then the clock, then the event.
      const append = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
        const [head] = yield* sql<{ position: bigint; now: Date }>`
          with head as materialized (select position from slice_heads where slice = ${event.slice} for update)
          select position + 1 as position, date_trunc('milliseconds', clock_timestamp()) as now from head`
        assert(head !== undefined)
        yield* Deferred.succeed(clockRead, head.now.getTime())
        yield* Deferred.await(mayCommit)
        yield* sql`
          insert into events (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
          values (${event.slice}, ${head.position}, ${tenant.tenantId}::uuid, ${userId}, ${event.idempotencyKey}::uuid, ${event.eventType},
            ${new Date(event.occurredAt)}, ${head.now}, 1, ${event.payload}::json)`
        yield* sql`update slice_heads set position = ${head.position}, recorded_at = ${head.now} where slice = ${event.slice}`
      })))
      const instant = yield* Deferred.await(clockRead)
      yield* untilAfter(instant)
      const reading = yield* Effect.forkChild(timeTravel.read(tenant, UserId(userId), { instant, sections: ["casino"] }))
      const waiting = sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      yield* untilEffect(Effect.map(waiting, ({ length }) => length > 0))
      yield* Deferred.succeed(mayCommit, undefined)
      yield* Fiber.join(append)
      const read = yield* Fiber.join(reading)
      assert.deepNestedInclude(read, { "casino.EUR.bet_count": 1 })
      assert.deepStrictEqual(yield* timeTravel.read(tenant, UserId(userId), { instant, sections: ["casino"] }), read)
    }))
})

/** Fails on a bet named "poison". */
const fragile: AnyProjection = {
  ...casino,
  contribute: (event, context) => {
    if (event.event === "realtime-casino" && event.data.unique_id === "poison") throw new Error("cannot fold poison")
    return casino.contribute?.(event, context) ?? []
  }
}

layer(testService({ projections: [fragile] }).pipe(Layer.provideMerge(TestDatabase.layer)), { excludeTestServices: true })(
  "TimeTravel with a fold that fails",
  (it) => {
    it.effect("names the section, and stops it before that event", () =>
      Effect.gen(function*() {
        const tenant = yield* newTenant("poisoned")
        const ids = ["1", "2", "3", "4", "5", "poison", "6", "7"]
        yield* (yield* EventLog).append(ids.map((id) => newEvent(tenant, bet({ user_id: "user", unique_id: id, amount: "1.5" }))))
        const instant = yield* Clock.currentTimeMillis
        yield* untilAfter(instant)
        const document = yield* (yield* TimeTravel).read(tenant, UserId("user"), { instant, sections: ["casino"] })
        assert.deepStrictEqual(document?.stale, ["casino"])
        assert.deepNestedInclude(document, { "casino.EUR.bet_count": 5, "casino.EUR.bet_amount": "7.5", "position": 8 })
      }))
  }
)
