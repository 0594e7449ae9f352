import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { UserErasure } from "../../../src/erasure/UserErasure.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { sliceOf } from "../../../src/event-log/sliceOf.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { bet } from "../../support/events/events.ts"
import { newEvent, userInSlice } from "../../support/events/newEvent.ts"
import { testService } from "../../support/service/TestService.ts"

/**
 * `HEAVY_EVENTS=4000000 npm test -- test/proof/faults/heavyPlayer.test.ts` for a bot of 3 million
 * events among a million of others.
 */
const count = Number(process.env["HEAVY_EVENTS"] ?? (process.env["FAULTS"] === "all" ? 200_000 : 24_000))

const service = Layer.fresh(testService({ projections: [] }))

/** How many milliseconds the slowest took, and half of all. */
const summary = (times: ReadonlyArray<number>) => {
  const sorted = times.toSorted((a, b) => a - b)
  return { times: times.length, median: Math.round(sorted[sorted.length >> 1] ?? 0), slowest: Math.round(sorted.at(-1) ?? 0) }
}

layer(TestDatabase.layer, { excludeTestServices: true })("a player with a long history", (it) => {
  it.effect(
    "is read page by page, and erased in steps over a process that dies, while others play in the same slice",
    () =>
      Effect.gen(function*() {
        const dying = yield* Scope.make()
        const [first, second] = [yield* Layer.buildWithScope(service, dying), yield* Layer.build(service)]
        const sql = Context.get(second, PgClient.PgClient)
        const log = Context.get(second, EventLog)
        const tenant = yield* Context.get(second, Tenants).create("heavy", "UTC")
        const [user, other] = [userInSlice(tenant, 9), userInSlice(tenant, 9, 1)]
        const slice = sliceOf(tenant.tenantId, UserId(user))
        const [event] = [newEvent(tenant, bet({ user_id: user, unique_id: "1" }))]
        for (let from = 1; from <= count; from += 20_000) {
          const to = Math.min(count, from + 19_999)
          yield* sql.unsafe(
            `insert into events (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
          select $1::smallint, n, $2::uuid, case when n % 4 = 0 then $3 else $4 end, gen_random_uuid(), 'realtime-casino', now(), 'epoch', 1, $5::json
          from generate_series($6::bigint, $7::bigint) as n`,
            [slice, tenant.tenantId, other, user, event.payload, BigInt(from), BigInt(to)]
          )
          yield* sql`update slice_heads set position = ${BigInt(to)} where slice = ${slice}`
        }
        const expected = count - Math.floor(count / 4)

        const pages: Array<number> = []
        for (const before of [Number.MAX_SAFE_INTEGER, count >> 1, count >> 4, 600]) {
          const started = performance.now()
          const page = yield* log.readUserPage({ tenantId: tenant.tenantId, userId: UserId(user), before, limit: 500 })
          pages.push(performance.now() - started)
          assert.isAbove(page.events.length, 400)
        }

        const appends: Array<number> = []
        const done = yield* Deferred.make<void>()
        const playing = yield* Effect.forkChild(Effect.gen(function*() {
          for (let nth = 0; !(yield* Deferred.isDone(done)); nth++) {
            const started = performance.now()
            yield* log.append([
              newEvent(tenant, bet({ user_id: other, unique_id: `during ${nth}` })),
              newEvent(tenant, bet({ user_id: user, unique_id: `during ${nth}` }))
            ])
            appends.push(performance.now() - started)
            yield* Effect.sleep("20 millis")
          }
        }))
        const started = performance.now()
        const early = yield* Context.get(first, UserErasure).eraseWithin(tenant, UserId(user), "100 millis")
        assert.strictEqual(early._tag, "UnderWay")
        yield* Scope.close(dying, Exit.void)
        const reports = yield* Effect.all(
          [1, 2].map(() => Context.get(second, UserErasure).eraseWithin(tenant, UserId(user), "10 minutes")),
          {
            concurrency: 2
          }
        )
        const seconds = (performance.now() - started) / 1000
        yield* Deferred.succeed(done, undefined)
        yield* Fiber.join(playing)
        const [left] = yield* sql<{ erased: number; live: number }>`
        select count(*) filter (where event_type = 'erased')::int as erased, count(*) filter (where user_id = ${user})::int as live
        from events where slice = ${slice}`
        assert.isBelow(left?.live ?? Infinity, appends.length)
        assert.strictEqual((left?.erased ?? 0) + (left?.live ?? 0), expected + appends.length)
        for (const report of reports) assert.strictEqual(report._tag, "Ended")
        assert.isBelow(summary(appends).slowest, 5000)
        process.stdout.write(
          `${
            JSON.stringify({
              events: expected,
              seconds,
              perSecond: Math.round(expected / seconds),
              appends: summary(appends),
              pages: summary(pages)
            })
          }\n`
        )
      }),
    600_000
  )
})
