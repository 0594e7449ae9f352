import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { UserErasure } from "../../src/erasure/UserErasure.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bulkItems } from "../support/events/bulkItems.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testService } from "../support/service/TestService.ts"
import { untilEffect } from "../support/time/until.ts"
import { runCommand, testSettings } from "./runCommand.ts"

const run = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(testSettings, (settings) => runCommand(["rejected", "replay", ...args], settings))
const replay = (...args: ReadonlyArray<string>) =>
  Effect.tap(run(...args), ({ code, stderr }) => Effect.sync(() => assert.strictEqual(code, 0, stderr)))

const send = (tenant: Tenant, items: ReadonlyArray<unknown>) =>
  Effect.flatMap(Ingest, ({ batch }) => batch(tenant, bulkItems(items), { strict: false }))

const login = (user: string, id: string, timestamp: unknown = "2026-01-31T12:00:00Z") => ({
  event: "realtime-login",
  data: { user_id: user, unique_id: id, timestamp }
})

/** Puts items into the table as a decoder would have that did not take them. */
const refuse = Effect.fnUntraced(function*(
  tenant: Tenant,
  items: ReadonlyArray<unknown>,
  { age = "1 hour", reason = "invalid" }: { readonly age?: string; readonly reason?: string } = {}
) {
  const sql = yield* PgClient.PgClient
  for (const item of items) {
    const text = JSON.stringify(item)
    yield* sql`
      insert into rejected_events (tenant_id, reason, item_hash, item, truncated, issues, first_at, last_at, times)
      values (${tenant.tenantId}::uuid, ${reason}, sha256(${text}::bytea), ${text}, false, '[{"path":["data"],"message":"not yet"}]',
        now() - ${age}::interval, now() - ${age}::interval, 3)`
  }
})

const keptOf = Effect.fnUntraced(function*(tenant: Tenant) {
  const sql = yield* PgClient.PgClient
  return yield* sql<{ reason: string; item: string; issue: string; times: bigint }>`
    select reason, item, issues->0->>'message' as issue, times from rejected_events
    where tenant_id = ${tenant.tenantId}::uuid order by item, reason`
})

const eventsOf = (tenant: Tenant, user: string) =>
  Effect.flatMap(
    EventLog,
    ({ readUser }) => readUser({ tenantId: tenant.tenantId, userId: UserId(user), before: Number.MAX_SAFE_INTEGER, limit: 10_000 })
  )

layer(Layer.mergeAll(testService({ projections: [] }), NodeServices.layer).pipe(Layer.provideMerge(TestDatabase.layer)), {
  excludeTestServices: true
})("rejected replay", (it) => {
  it.effect("stores what is taken now, once, and keeps the rest with what is wrong with it now", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("replayed")
      const good = Array.from({ length: 450 }, (_, nth) => login(`user-${nth % 7}`, `good-${nth}`))
      const evil = login("user-0", "bad\u001b[31m", 5)
      yield* send(tenant, [login("user-1", "there"), login("user-1", "other")])
      yield* send(tenant, [evil, { event: "realtime-login", data: { filler: "x".repeat(20_000), user_id: "user-1" } }])
      yield* refuse(tenant, [...good, login("user-1", "there"), login("user-1", "other", "2026-02-01T12:00:00Z")])
      const before = yield* keptOf(tenant)

      const dry = (yield* replay("replayed", "--dry-run")).stdout
      assert.match(dry, /^Nothing was changed\..*\n +stored +450\n +duplicates +1,.*\n +refused again +2\n/)
      assert.match(dry, / 1 {2}idempotency_conflict: data /)
      assert.match(dry, / 1 {2}invalid: data\.timestamp must be/)
      assert.match(dry, /\n +cut +1 of which only the beginning/)
      assert.deepStrictEqual(yield* keptOf(tenant), before)
      assert.strictEqual((yield* eventsOf(tenant, "user-0")).length, 0)

      const { stdout } = yield* replay("replayed")
      assert.strictEqual(
        stdout.replace("The rejected items were replayed", "").replace(/; (they are )?kept no longer|, with their new reasons/g, ""),
        dry.replace(/^.*items/, "")
      )
      const left = yield* keptOf(tenant)
      assert.strictEqual(left.length, 3)
      assert.deepInclude(left, {
        reason: "idempotency_conflict",
        item: JSON.stringify(login("user-1", "other", "2026-02-01T12:00:00Z")),
        issue: left.find(({ reason }) => reason === "idempotency_conflict")?.issue,
        times: 3n
      })
      assert.strictEqual(left.filter(({ reason }) => reason === "invalid").length, 2)
      assert.isFalse(left.some(({ issue }) => issue === "not yet"))
      for (let user = 0; user < 7; user++) {
        const events = yield* eventsOf(tenant, `user-${user}`)
        assert.strictEqual(events.length, good.filter(({ data }) => data.user_id === `user-${user}`).length + (user === 1 ? 2 : 0))
      }

      const again = (yield* replay("replayed")).stdout
      assert.match(again, /\n +stored +0;.*\n +duplicates +0,.*\n +refused again +2,/)
      assert.deepStrictEqual(yield* keptOf(tenant), left)
    }))

  it.effect("takes those of a reason, a kind and a time alone", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("chosen")
      const registration = { event: "realtime-registration", data: { user_id: "a", unique_id: "r", timestamp: "2026-01-31T12:00:00Z" } }
      yield* refuse(tenant, [login("a", "old"), registration], { age: "3 days" })
      yield* refuse(tenant, [login("a", "new")], { age: "1 hour" })
      yield* refuse(tenant, [login("a", "conflict")], { reason: "idempotency_conflict" })
      const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
      const ids = Effect.map(keptOf(tenant), (rows) => rows.map(({ item }) => JSON.parse(item).data.unique_id).toSorted())
      assert.match((yield* replay("chosen", "--kind", "realtime-casino")).stdout, /stored +0;.*\n.*\n.*\n.*\n +other kinds +4 left alone/)
      assert.match((yield* replay("chosen", "--until", daysAgo(5))).stdout, /stored +0;/)
      assert.match((yield* replay("chosen", "--since", daysAgo(1), "--reason", "invalid")).stdout, /stored +1;/)
      assert.deepStrictEqual(yield* ids, ["conflict", "old", "r"])
      assert.match((yield* replay("chosen", "--reason", "idempotency_conflict")).stdout, /stored +1;/)
      assert.match((yield* replay("chosen", "--kind", "realtime-login", "--until", daysAgo(1))).stdout, /stored +1;/)
      assert.deepStrictEqual(yield* ids, ["r"])
      const refused = yield* run("chosen", "--reason", "nonsense")
      assert.strictEqual(refused.code, 1)
      assert.match((yield* run("nobody")).stderr, /There is no tenant "nobody"/)
    }))

  it.effect("brings an item kept for two reasons together, and one in two spellings into the log once", () =>
    Effect.gen(function*() {
      const tenant = yield* newTenant("twice")
      yield* send(tenant, [login("a", "1")])
      const conflicting = login("a", "1", "2026-02-02T00:00:00Z")
      yield* refuse(tenant, [conflicting])
      yield* refuse(tenant, [conflicting], { reason: "idempotency_conflict" })
      const { data, event } = login("a", "2")
      yield* refuse(tenant, [{ event, data }, { data, event }])
      const dry = (yield* replay("twice", "--dry-run")).stdout
      const { stdout } = yield* replay("twice")
      for (const text of [dry, stdout]) assert.match(text, /stored +1.*\n +duplicates +1,.*\n +refused again +2/)
      const left = yield* keptOf(tenant)
      assert.deepStrictEqual(left.map(({ item, reason, times }) => [reason, item, times]), [
        ["idempotency_conflict", JSON.stringify(conflicting), 6n]
      ])
      assert.strictEqual((yield* eventsOf(tenant, "a")).length, 2)
    }))

  it.effect("loses and doubles nothing when it is cut off after the events are stored", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const tenant = yield* newTenant("cut off")
      yield* refuse(tenant, Array.from({ length: 300 }, (_, nth) => login("a", `${nth}`)))
      yield* sql`
        create function refuse_removal() returns trigger language plpgsql as $$ begin raise exception 'pulled the plug'; end $$`
      yield* sql`create trigger refuse_removal before delete on rejected_events for each statement execute function refuse_removal()`
      const failed = yield* run("cut off")
      assert.strictEqual(failed.code, 1)
      assert.match(failed.stderr, /pulled the plug/)
      assert.strictEqual((yield* keptOf(tenant)).length, 300)
      assert.isAbove((yield* eventsOf(tenant, "a")).length, 0)
      yield* sql`drop trigger refuse_removal on rejected_events`
      const { stdout } = yield* replay("cut off")
      assert.match(stdout, /stored +100;.*\n +duplicates +200,/)
      assert.strictEqual((yield* keptOf(tenant)).length, 0)
      assert.strictEqual((yield* eventsOf(tenant, "a")).length, 300)
    }))

  it.effect("brings nobody back who is erased meanwhile", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const tenant = yield* newTenant("erased")
      yield* send(tenant, [login("victim", "1"), login("stays", "1")])
      yield* refuse(tenant, [login("victim", "2"), login("stays", "2")])
      // The replay's append waits for the heads, and the erasure for the rows that the replay
      // holds.
      const waiting = (query: string) =>
        untilEffect(Effect.map(
          sql<{ waits: boolean }>`
            select exists (
              select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like ${query}
            ) as waits`,
          ([row]) => row?.waits === true
        ))
      const [held, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const holding = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
        yield* sql`select from slice_heads order by slice for update`
        yield* Deferred.succeed(held, undefined)
        yield* Deferred.await(end)
      })))
      yield* Deferred.await(held)
      const replaying = yield* Effect.forkChild(replay("erased"))
      yield* waiting("%input as materialized%")
      const erasing = yield* Effect.forkChild(Effect.flatMap(UserErasure, ({ erase }) => erase(tenant, UserId("victim"))))
      yield* waiting("%rejected_events%for update%")
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(holding)
      assert.match((yield* Fiber.join(replaying)).stdout, /stored +2;/)
      const report = yield* Fiber.join(erasing)
      assert.strictEqual(report.events, 2)
      assert.strictEqual((yield* eventsOf(tenant, "victim")).length, 0)
      assert.strictEqual((yield* eventsOf(tenant, "stays")).length, 2)
      assert.deepStrictEqual(yield* keptOf(tenant), [])
    }), 30_000)
})
