import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventLog } from "../../src/event-log/EventLog.ts"
import type { NewEvent } from "../../src/event-log/RecordedEvent.ts"
import { Tenants } from "../../src/tenants/Tenants.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bet, newEvent, userInSlice } from "../support/events/newEvent.ts"
import { testService } from "../support/service/TestService.ts"

const oneService = testService({ projections: [] }).pipe(Layer.provideMerge(TestDatabase.layer))

let tenants = 0
const newTenant = Effect.suspend(() => Effect.flatMap(Tenants, ({ create }) => create(`tenant ${++tenants}`, "UTC")))

/**
 * What must hold of every log at any time: dense positions, heads that agree, recorded_at that
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

layer(oneService, { excludeTestServices: true })("EventLog", (it) => {
  it.effect("appends in order, from position 1 on, and reads back what it was given", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      const tenant = yield* newTenant
      const events = ["a", "b", "c"].map((id) => bet("player", id, "0.000000000000000001"))
      const outcomes = yield* log.append(events.map((event) => newEvent(tenant, event)))
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Appended", "Appended", "Appended"])
      const read = yield* log.readUser(tenant.tenantId, "player", Number.MAX_SAFE_INTEGER, 10)
      assert.deepStrictEqual(read.map(({ event }) => event), events.toReversed())
      yield* assertSound
    }))

  it.effect("tells a repeat from a conflict, and names the position of the event that was first", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      const tenant = yield* newTenant
      const [first] = yield* log.append([newEvent(tenant, bet("player", "a", "10"))])
      const again = yield* log.append([
        newEvent(tenant, bet("player", "a", "10")),
        newEvent(tenant, bet("player", "a", "11")),
        newEvent(tenant, bet("player", "b", "1"))
      ])
      assert.strictEqual(first?._tag, "Appended")
      const position = first?._tag === "Appended" ? first.position : 0
      assert.deepStrictEqual(again, [{ _tag: "Duplicate", position }, { _tag: "Conflict", position, fields: ["amount"] }, {
        _tag: "Appended",
        position: position + 1
      }])
    }))

  it.effect("judges repeats within one append by what the log holds under their key", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      const tenant = yield* newTenant
      yield* log.append([newEvent(tenant, bet("player", "stored", "1"))])
      const outcomes = yield* log.append([
        newEvent(tenant, bet("player", "new", "1")),
        newEvent(tenant, bet("player", "new", "1")),
        newEvent(tenant, bet("player", "new", "2")),
        newEvent(tenant, bet("player", "stored", "2")),
        newEvent(tenant, bet("player", "stored", "1"))
      ])
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Appended", "Duplicate", "Conflict", "Conflict", "Duplicate"])
    }))

  it.effect("keeps keys apart by user and tenant", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      const [one, two] = [yield* newTenant, yield* newTenant]
      const outcomes = yield* log.append([
        newEvent(one, bet("player", "a")),
        newEvent(one, bet("another", "a")),
        newEvent(two, bet("player", "a"))
      ])
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Appended", "Appended", "Appended"])
    }))

  it.effect("refuses alone the event that the database cannot hold", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      const tenant = yield* newTenant
      const good = Array.from({ length: 60 }, (_, index) => newEvent(tenant, bet(`player-${index % 7}`, `id-${index}`)))
      const noText = newEvent(tenant, bet("player\0with a NUL", "bad"))
      const noJson: NewEvent = { ...newEvent(tenant, bet("player", "bad")), payload: "{" }
      const outcomes = yield* log.append([...good.slice(0, 20), noText, ...good.slice(20, 45), noJson, ...good.slice(45)])
      assert.deepStrictEqual(
        outcomes.flatMap(({ _tag }, index) => _tag === "Appended" ? [] : [[index, _tag]]),
        [[20, "Refused"], [46, "Refused"]]
      )
      yield* assertSound
    }))

  it.effect("refuses UPDATE, DELETE and TRUNCATE", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const log = yield* EventLog
      const tenant = yield* newTenant
      yield* log.append([newEvent(tenant, bet("player", "a"))])
      for (const statement of ["update events set user_id = 'x'", "delete from events", "truncate events"]) {
        const error = yield* Effect.flip(sql.unsafe(statement))
        assert.include(String(error.reason.cause), "append-only")
      }
      assert.strictEqual((yield* log.readUser(tenant.tenantId, "player", Number.MAX_SAFE_INTEGER, 10)).length, 1)
    }))

  it.effect("pages the slices after given positions", () =>
    Effect.gen(function*() {
      const log = yield* EventLog
      const tenant = yield* newTenant
      const [a, b] = [userInSlice(tenant, 3), userInSlice(tenant, 200)]
      const outcomes = yield* log.append([a, b, a, b, a].map((user, index) => newEvent(tenant, bet(user, String(index)))))
      const start = (index: number) => {
        const outcome = outcomes[index]
        return outcome?._tag === "Appended" ? outcome.position - 1 : Number.NaN
      }
      const read = yield* log.read([{ slice: 200, position: start(1) }, { slice: 3, position: start(0) + 1 }], { events: 1, bytes: 1024 })
      assert.deepStrictEqual(
        read.map(({ event, position, slice }) => [slice, position, event?.data]),
        [[3, start(0) + 2, bet(a, "2").data], [200, start(1) + 1, bet(b, "1").data]]
      )
    }))
})

layer(TestDatabase.layer, { excludeTestServices: true })("EventLog with several writers", (it) => {
  it.effect("stores each event once, densely, whoever sends it and however often", () =>
    Effect.gen(function*() {
      const contexts = yield* Effect.all(
        Array.from({ length: 2 }, () => Layer.build(Layer.fresh(testService({ projections: [] })))),
        { concurrency: 1 }
      )
      const [first] = contexts
      if (first === undefined) return
      const tenant = yield* newTenant.pipe(Effect.provide(first))
      const events = Array.from({ length: 1500 }, (_, index) => newEvent(tenant, bet(`player-${index % 40}`, `id-${index}`)))
      // Overlapping windows over the same events, from both processes at once, in different orders.
      const windows = Array.from({ length: 60 }, (_, index) => {
        const window = events.slice((index * 23) % 1300, (index * 23) % 1300 + 200)
        return index % 3 === 0 ? window.toReversed() : window
      })
      const outcomes = yield* Effect.forEach(
        [...windows, events],
        (window, index) => Context.get(contexts[index % 2] ?? first, EventLog).append(window),
        { concurrency: 8 }
      )
      const appended = outcomes.flat().filter(({ _tag }) => _tag === "Appended")
      assert.strictEqual(appended.length, events.length)
      assert.isTrue(outcomes.flat().every(({ _tag }) => _tag === "Appended" || _tag === "Duplicate"))
      yield* assertSound.pipe(Effect.provide(first))
    }))

  it.effect("commits in order of position: a reader that follows the log never misses an event", () =>
    Effect.gen(function*() {
      const service = yield* Layer.build(Layer.fresh(testService({ projections: [] })))
      const tenant = yield* newTenant.pipe(Effect.provide(service))
      const log = Context.get(service, EventLog)
      const user = userInSlice(tenant, 77)
      const others = Array.from({ length: 4 }, (_, nth) => userInSlice(tenant, 77, nth))
      const total = 4 * 60
      const writers = Effect.forEach(
        others,
        (other) =>
          Effect.forEach(
            Array.from({ length: 60 }, (_, index) => index),
            (index) => log.append([newEvent(tenant, bet(other, `${index}`))])
          ),
        { concurrency: "unbounded", discard: true }
      )
      const start = (yield* log.append([newEvent(tenant, bet(user, "first"))]))[0]
      let position = start?._tag === "Appended" ? start.position : 0
      const last = position + total
      const reader = Effect.gen(function*() {
        while (position < last) {
          for (const event of yield* log.read([{ slice: 77, position }], { events: 50, bytes: 1024 * 1024 })) {
            assert.strictEqual(event.position, position + 1)
            position = event.position
          }
        }
      })
      yield* Effect.all([writers, reader], { concurrency: "unbounded" })
    }))
})
