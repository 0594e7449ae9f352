import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import type { LogPlace, TenantEvent } from "../../src/event-log/statements/newestOfTenant.ts"
import { EventsLookedAt, mergePages, TenantLog, type TenantPage } from "../../src/event-log/TenantLog.ts"
import type { EventType } from "../../src/fasttrack/FastTrackEvent.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { Slice } from "../../src/values/Slice.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bet, login } from "../support/events/events.ts"
import { newEvent, userInSlice } from "../support/events/newEvent.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testService } from "../support/service/TestService.ts"

/** So few that most pages are not full. */
const service = testService({ projections: [] }).pipe(Layer.provide(Layer.succeed(EventsLookedAt, [1, 3])))

type Read = (before: LogPlace | undefined) => Effect.Effect<TenantPage, unknown>

/** All pages of a tenant, as somebody gets them who turns them. */
const readAll = Effect.fnUntraced(function*(read: Read) {
  const events: Array<TenantEvent> = []
  let [before, pages]: [LogPlace | undefined, number] = [undefined, 0]
  for (;;) {
    const page: TenantPage = yield* read(before)
    events.push(...page.events)
    pages++
    if (page.next === undefined) return { events, pages }
    before = page.next
  }
})

/** Two tenants' events, some of them in batches that are recorded at one moment. */
const fill = Effect.fnUntraced(function*(tenant: Tenant, other: Tenant) {
  const log = yield* EventLog
  let nth = 0
  for (const size of [1, 9, 2, 30, 1, 5, 12]) {
    yield* log.append(Array.from({ length: size }, () => {
      nth++
      const of = nth % 4 === 0 ? tenant : other
      const user_id = UserId(userInSlice(of, nth % 3 === 0 ? 7 : 200, nth % 2))
      return newEvent(of, nth % 8 === 0 ? login({ user_id, unique_id: `${nth}` }) : bet({ user_id, unique_id: `${nth}` }))
    }))
  }
})

layer(Layer.provideMerge(service, TestDatabase.layer), { excludeTestServices: true })("the log of a tenant", (it) => {
  it.effect("has each of its events once, newest first, on pages of any size, of one kind or all", () =>
    Effect.gen(function*() {
      const log = yield* TenantLog
      const [tenant, other] = [yield* newTenant(), yield* newTenant()]
      yield* fill(tenant, other)
      for (const [of, all, logins] of [[tenant, 15, 7], [other, 45, 0]] as const) {
        for (const limit of [1, 4, 100]) {
          for (
            const [eventType, count] of [[undefined, all], ["realtime-login", logins]] as ReadonlyArray<[EventType | undefined, number]>
          ) {
            const read: Read = (before) => log.page(of.tenantId, { before, eventType, limit })
            const { events, pages } = yield* readAll(read)
            assert.strictEqual(new Set(events.map(({ place }) => `${place.slice}/${place.position}`)).size, count)
            assert.strictEqual(events.length, count)
            const times = events.map(({ recordedAt }) => recordedAt)
            assert.deepStrictEqual(times, times.toSorted((a, b) => b - a))
            // Each page goes on from the one before.
            assert.isAtMost(pages, 61)

            const halves: Read = (before) =>
              Effect.map(
                Effect.all(
                  [[0, 127], [128, 255]].map(([first = 0, last = 0]) =>
                    log.page(of.tenantId, { before, eventType, limit, slices: [Slice(first), Slice(last)] })
                  )
                ),
                (pages) => mergePages(pages, limit)
              )
            const named = (some: ReadonlyArray<TenantEvent>) => some.map(({ place }) => `${place.slice}/${place.position}`).join(" ")
            assert.strictEqual(named((yield* readAll(halves)).events), named(events), `${limit} ${eventType}`)
          }
        }
      }
    }))

  it.effect("gives an event to its own tenant alone, and nothing of erased users", () =>
    Effect.gen(function*() {
      const log = yield* TenantLog
      const [tenant, other] = [yield* newTenant(), yield* newTenant()]
      yield* fill(tenant, other)
      const [newest] = (yield* log.page(tenant.tenantId, { limit: 1 })).events
      assert.isDefined(newest)
      const { place, userId } = newest
      assert.deepStrictEqual(yield* log.find(tenant.tenantId, place), newest)
      assert.isUndefined(yield* log.find(other.tenantId, place))
      assert.isNumber(yield* log.beganAt(tenant.tenantId, userId))
      assert.isUndefined(yield* log.beganAt(other.tenantId, userId))

      const { erase } = yield* UserErasure
      yield* erase(tenant, userId)
      assert.isUndefined(yield* log.find(tenant.tenantId, place))
      assert.isUndefined(yield* log.beganAt(tenant.tenantId, userId))
      const left = yield* readAll((before) => log.page(tenant.tenantId, { before, limit: 5 }))
      assert.isNotEmpty(left.events)
      assert.isTrue(left.events.every((event) => event.userId !== userId))
    }))
})
