import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Reactivity } from "effect/reactivity"
import { Explanation } from "../../../src/counters/history/Explanation.ts"
import { Histories, HistoryTime } from "../../../src/counters/history/Histories.ts"
import { TimeTravel } from "../../../src/counters/history/TimeTravel.ts"
import { Migrations } from "../../../src/database/Migrations.ts"
import { UserErasure } from "../../../src/erasure/UserErasure.ts"
import { readableEvent } from "../../../src/event-log/readableEvent.ts"
import { MostListed, UserHistory } from "../../../src/event-log/UserHistory.ts"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { logins } from "../../../src/projections/catalog/logins.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import type { Tenant } from "../../../src/tenants/Tenant.ts"
import { Tenants } from "../../../src/tenants/Tenants.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { TestDatabase } from "../../support/database/TestDatabase.ts"
import { testApplication } from "../../support/database/TestSql.ts"
import { casinoBets, fillHistory } from "../../support/events/fillHistory.ts"
import { newTenant } from "../../support/service/newTenant.ts"
import { testClients } from "../../support/service/TestService.ts"
import { busyFactor, longestStep } from "../../support/time/eventLoop.ts"
import { until, untilAfter, untilEffect } from "../../support/time/until.ts"

/** Events that were folded since it was last set to 0. */
let folded = 0

/** The casino, counting the events that it is given. */
const counted: AnyProjection = {
  ...casino,
  contribute: (event, context) => {
    folded++
    return casino.contribute?.(event, context) ?? []
  }
}

/** What reads histories, and nothing that feeds projections meanwhile. */
const readers = (time: number) =>
  Layer.mergeAll(TimeTravel.layer([counted, logins]), Explanation.layer([counted, logins])).pipe(
    Layer.provide(Histories.layer),
    Layer.provide(Layer.succeed(HistoryTime, time)),
    Layer.provide(UserHistory.layer),
    Layer.provide(Layer.succeed(MostListed, 20_000)),
    Layer.provideMerge(Layer.mergeAll(Tenants.layer, UserErasure.layer)),
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(testClients),
    Layer.provideMerge(TestDatabase.layer)
  )

const all = { after: 0, limit: 500 }

/** A tenant whose projections pass for built: nothing folds here. */
const newReadTenant = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  yield* sql`
    insert into projection_versions (projection, version, identity, state) values ('casino', 1, '', 'following'), ('logins', 2, '', 'following')
    on conflict do nothing`
  yield* sql`insert into projections (projection, active_version) values ('casino', 1), ('logins', 2) on conflict do nothing`
  return yield* newTenant()
})

const fill = (tenant: Tenant, userId: string, count: number, currency = "'EUR'") =>
  Effect.flatMap(PgClient.PgClient, (sql) => fillHistory(sql, tenant, userId, casinoBets(count, currency)))

const explained = (tenant: Tenant, path: string, page = all, userId = "bot") =>
  Effect.flatMap(Explanation, ({ explain }) => explain(tenant, UserId(userId), { ...page, path }))

const asOf = (tenant: Tenant, instant: number, sections = ["casino"], userId = "bot") =>
  Effect.flatMap(TimeTravel, ({ read }) => read(tenant, UserId(userId), { instant, sections }))

const justNow = Effect.tap(Clock.currentTimeMillis, untilAfter)

/** Asks again, as the answer says, until it is no more unfinished; how often that was. */
const untilFinished = <A, E extends { readonly _tag: string }, R>(ask: Effect.Effect<A, E, R>) => {
  let attempts = 0
  return Effect.suspend(() => {
    attempts++
    return ask
  }).pipe(
    Effect.retry({ while: ({ _tag }) => _tag === "HistoryUnfinished", times: 1000 }),
    Effect.map((result) => [result, attempts] as const)
  )
}

layer(readers(20_000), { excludeTestServices: true })("a long history", (it) => {
  it.effect("is explained in time that does not depend on how many other rows there are, and in small steps", () =>
    Effect.gen(function*() {
      const tenant = yield* newReadTenant
      const count = 6000
      yield* fill(tenant, "bot", count, "'C' || n % 3000")
      yield* fill(tenant, "plain", count)
      const cpu = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.suspend(() => {
          const before = process.cpuUsage()
          return Effect.map(effect, (result) => [result, process.cpuUsage(before).user] as const)
        })
      // Compiled, and the plans made.
      yield* explained(tenant, "casino.EUR.win_count", all, "plain")
      const [, one] = yield* cpu(explained(tenant, "casino.EUR.win_count", all, "plain"))
      const [[found, many], longest] = yield* longestStep(cpu(explained(tenant, "casino.C7.bet_amount")))
      assert.deepStrictEqual(found?.contributions.map(({ contribution, value }) => [contribution, value]), [["1", "1"], ["1", "2"]])
      assert.strictEqual(found?.value, "2")
      assert.isBelow(many / one, 6, "3,000 currencies against one")
      assert.isBelow(longest, 50 * busyFactor())
    }))

  it.effect("is refused as of a time where a section would have too many rows", () =>
    Effect.gen(function*() {
      const tenant = yield* newReadTenant
      yield* fill(tenant, "bot", 1001, "'C' || n")
      const error = yield* Effect.flip(asOf(tenant, yield* justNow))
      assert.deepInclude({ ...error }, { _tag: "TooManyRows", section: "casino", limit: 1000 })
      const document = yield* asOf(tenant, yield* justNow, ["logins"])
      assert.deepNestedInclude(document, { "logins.login_count": 0 })
    }))

  it.effect("is read by position for one with many events, whatever other users are in the slice, and by the key for others", () =>
    Effect.gen(function*() {
      const tenant = yield* newReadTenant
      const sql = yield* PgClient.PgClient
      const slice = yield* fill(tenant, "bot", 2500)
      // Others' events in between: in the same slice, as if they were.
      yield* sql.unsafe(
        `insert into events (slice, position, tenant_id, user_id, idempotency_key, event_type, occurred_at, recorded_at, payload_version, payload)
        select $1, position + n, $2::uuid, 'other', gen_random_uuid(), 'realtime-login', now(), now(), 1, '{}'
        from slice_heads, generate_series(1, 30000) as n where slice = $1`,
        [slice, tenant.tenantId]
      )
      yield* sql`update slice_heads set position = position + 30000 where slice = ${slice}`
      yield* fill(tenant, "bot", 18_000)
      folded = 0
      const document = yield* asOf(tenant, yield* justNow)
      assert.deepNestedInclude(document, { "casino.EUR.bet_count": 20_500, "casino.EUR.bet_amount": "20500" })
      assert.strictEqual(folded, 20_500)
    }))

  it.effect("is read once for all who ask at the same time, and not again for a later time", () =>
    Effect.gen(function*() {
      const tenant = yield* newReadTenant
      yield* fill(tenant, "bot", 4000)
      const instant = yield* justNow
      folded = 0
      const documents = yield* Effect.all([asOf(tenant, instant), asOf(tenant, instant), asOf(tenant, instant)], { concurrency: 3 })
      for (const document of documents) assert.deepNestedInclude(document, { "casino.EUR.bet_count": 4000 })
      assert.strictEqual(folded, 4000)
      yield* fill(tenant, "bot", 10)
      assert.deepNestedInclude(yield* asOf(tenant, yield* justNow), { "casino.EUR.bet_count": 4010 })
      assert.strictEqual(folded, 4010)
      assert.deepNestedInclude(yield* asOf(tenant, instant), { "casino.EUR.bet_count": 4000 })
    }))

  it.effect("is left when the client goes: its statement too, and gone on with afterwards", () =>
    Effect.gen(function*() {
      const tenant = yield* newReadTenant
      yield* fill(tenant, "bot", 8000)
      const instant = yield* justNow
      folded = 0
      const reading = yield* Effect.forkChild(asOf(tenant, instant))
      yield* until(() => folded > 0)
      yield* Fiber.interrupt(reading)
      const soFar = folded
      assert.isBelow(soFar, 8000)
      assert.deepNestedInclude(yield* asOf(tenant, instant), { "casino.EUR.bet_count": 8000 })
      assert.strictEqual(folded, 8000)
    }))

  it.effect("ends at an event that no reader takes: the section is stale, and cannot be explained", () =>
    Effect.gen(function*() {
      const tenant = yield* newReadTenant
      yield* fill(tenant, "bot", 3)
      const sql = yield* PgClient.PgClient
      yield* fillHistory(sql, tenant, "bot", {
        count: 1,
        eventType: "realtime-casino",
        payload: `('{"x":"' || repeat('x', ${readableEvent}) || '"}')::json`
      })
      yield* fill(tenant, "bot", 3)
      const document = yield* asOf(tenant, yield* justNow, ["casino", "logins"])
      assert.deepStrictEqual(document?.stale, ["casino"])
      assert.deepNestedInclude(document, { "casino.EUR.bet_count": 3, "logins.login_count": 0 })
      assert.strictEqual((yield* Effect.flip(explained(tenant, "casino.EUR.bet_count")))._tag, "ProjectionParked")
    }))
})

layer(readers(20_000), { excludeTestServices: true })("a history whose client goes", (it) => {
  it.effect("leaves no statement on the server", () =>
    Effect.gen(function*() {
      const tenant = yield* newReadTenant
      yield* fill(tenant, "bot", 100)
      const instant = yield* justNow
      const { url } = yield* TestDatabase
      const client = PgClient.make({ url, applicationName: testApplication }).pipe(Effect.provide(Reactivity.layer))
      const [sql, observer] = yield* Effect.all([client, client])
      const waiting = Effect.map(
        // Not in the transaction: what it sees of sessions does not change.
        observer`
          select from pg_stat_activity
          where datname = current_database() and application_name <> ${testApplication} and state = 'active' and wait_event_type = 'Lock'`,
        ({ length }) => length > 0
      )
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`lock table erased_users in access exclusive mode`
        const reading = yield* Effect.forkChild(asOf(tenant, instant))
        yield* untilEffect(waiting)
        yield* Fiber.interrupt(reading)
        yield* untilEffect(Effect.map(waiting, (is) => !is))
      }))
    }))
})

layer(readers(10), { excludeTestServices: true })("a history that takes longer than there is time", (it) => {
  it.effect("is read to its end by asking again, with the same result", () =>
    Effect.gen(function*() {
      const tenant = yield* newReadTenant
      yield* fill(tenant, "bot", 2500, "'C' || n % 5")
      folded = 0
      const [document, attempts] = yield* untilFinished(asOf(tenant, yield* justNow))
      assert.isAbove(attempts, 2)
      assert.strictEqual(folded, 2500)
      assert.deepNestedInclude(document, { "casino.C3.bet_count": 500 })

      const pages = []
      for (let after = 0;;) {
        const [page] = yield* untilFinished(explained(tenant, "casino.C3.bet_count", { after, limit: 220 }))
        assert.strictEqual(page?.value, 500)
        pages.push(...page?.contributions ?? [])
        if (page?.isMore !== true) break
        after = page.contributions.at(-1)?.logged.position ?? assert.fail()
      }
      assert.deepStrictEqual(pages.map(({ value }) => value), Array.from({ length: 500 }, (_, index) => index + 1))
    }))

  it.effect("is that of nobody once the user is erased, and of another one after that", () =>
    Effect.gen(function*() {
      const tenant = yield* newReadTenant
      yield* fill(tenant, "bot", 10_000)
      const path = "casino.EUR.bet_count"
      assert.strictEqual((yield* Effect.flip(explained(tenant, path)))._tag, "HistoryUnfinished")
      yield* (yield* UserErasure).erase(tenant, UserId("bot"))
      const [gone] = yield* untilFinished(explained(tenant, path))
      assert.isUndefined(gone)
      assert.isUndefined((yield* untilFinished(asOf(tenant, yield* justNow)))[0])
      yield* fill(tenant, "bot", 2)
      const [again] = yield* untilFinished(explained(tenant, path))
      assert.strictEqual(again?.value, 2)
    }))
})
