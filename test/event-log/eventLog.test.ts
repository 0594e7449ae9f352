import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { TenantId } from "../../src/values/TenantId.ts"
import { UserId } from "../../src/values/UserId.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { someTenant } from "../support/events/someTenant.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testService } from "../support/service/TestService.ts"
import { eventLogContract, LogUnderTest } from "./eventLogContract.ts"

const process = Layer.build(Layer.fresh(testService({ projections: [] })))

/** Two processes of the service on one database. */
const postgresLog = Layer.effect(
  LogUnderTest,
  Effect.gen(function*() {
    const [first, second] = [yield* process, yield* process]
    return LogUnderTest.of({
      writers: [Context.get(first, EventLog), Context.get(second, EventLog)],
      newTenant: newTenant().pipe(Effect.provide(first), Effect.orDie)
    })
  })
).pipe(Layer.provide(TestDatabase.layer))

const memoryLog = Layer.effect(
  LogUnderTest,
  Effect.map(EventLog, (log) =>
    LogUnderTest.of({
      writers: [log, log],
      newTenant: Effect.sync(() => ({ ...someTenant, tenantId: TenantId(randomUUID()), keyNamespace: randomUUID() }))
    }))
).pipe(Layer.provide(EventLog.layerMemory))

eventLogContract("the log on PostgreSQL", postgresLog)
eventLogContract("the log in memory", memoryLog)

/**
 * What must hold of the tables at any time: dense positions, heads that agree, recorded_at that
 * never decreases, keys used once.
 */
const assertSound = Effect.gen(function*() {
  const sql = yield* PgClient.PgClient
  const broken = yield* sql`
    with ordered as (
      select slice, position, recorded_at,
        row_number() over w as nth, lag(recorded_at) over w as before
      from events window w as (partition by slice order by position)
    )
    select slice, 'positions' as what from ordered where position <> nth
    union all select slice, 'recorded_at' from ordered where recorded_at < before
    union all select h.slice, 'head' from slice_heads h where h.position <> (select count(*) from events e where e.slice = h.slice)
    union all select min(slice), 'key' from events group by tenant_id, user_id, idempotency_key having count(*) > 1`
  assert.deepStrictEqual(broken, [])
})

layer(TestDatabase.layer, { excludeTestServices: true })("the log on PostgreSQL", (it) => {
  it.effect("refuses UPDATE, DELETE and TRUNCATE", () =>
    Effect.gen(function*() {
      const service = yield* process
      yield* Effect.gen(function*() {
        const sql = yield* PgClient.PgClient
        const log = yield* EventLog
        const tenant = yield* newTenant()
        yield* log.append([newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "a" }))])
        for (const statement of ["update events set user_id = 'x'", "delete from events", "truncate events"]) {
          const error = yield* Effect.flip(sql.unsafe(statement))
          assert.include(String(error.reason.cause), "append-only")
        }
        const user = { tenantId: tenant.tenantId, userId: UserId("player"), before: Number.MAX_SAFE_INTEGER, limit: 10 }
        assert.strictEqual((yield* log.readUser(user)).length, 1)
      }).pipe(Effect.provide(service))
    }))

  it.effect("has heads that agree with the events, each stored once, whoever sends it and however often", () =>
    Effect.gen(function*() {
      const contexts = [yield* process, yield* process] as const
      const tenant = yield* newTenant().pipe(Effect.provide(contexts[0]))
      const events = Array.from({ length: 1500 }, (_, index) =>
        newEvent(tenant, bet({ user_id: UserId(`player-${index % 40}`), unique_id: `id-${index}` })))
      // Overlapping windows over the same events, from both processes at once, in different orders.
      const windows = Array.from({ length: 60 }, (_, index) => {
        const window = events.slice((index * 23) % 1300, (index * 23) % 1300 + 200)
        return index % 3 === 0 ? window.toReversed() : window
      })
      const bad = { ...newEvent(tenant, bet({ user_id: UserId("player-1"), unique_id: "bad" })), payload: "{" }
      const outcomes = yield* Effect.forEach(
        [...windows, events, [...events.slice(0, 5), bad]],
        (window, index) =>
          Context.get(contexts[index % 2 === 0 ? 0 : 1], EventLog).append(window),
        { concurrency: 8 }
      )
      const tags = outcomes.flat().map(({ _tag }) => _tag)
      assert.strictEqual(tags.filter((tag) => tag === "Appended").length, events.length)
      assert.strictEqual(tags.filter((tag) => tag === "Refused").length, 1)
      assert.isTrue(tags.every((tag) => tag === "Appended" || tag === "Duplicate" || tag === "Refused"))
      yield* assertSound.pipe(Effect.provide(contexts[0]))
    }))
})
