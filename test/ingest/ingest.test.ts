import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { createHash } from "node:crypto"
import { EventLog } from "../../src/event-log/EventLog.ts"
import { bodyBounds } from "../../src/fasttrack/bodyBounds.ts"
import { Ingest } from "../../src/ingest/Ingest.ts"
import { UserId } from "../../src/values/UserId.ts"
import { eventTypes, itemOf } from "../fasttrack/wireItem.ts"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { bodyItems, bulkItems } from "../support/events/bulkItems.ts"
import { newTenant } from "../support/service/newTenant.ts"
import { testService } from "../support/service/TestService.ts"

const login = (user_id: string, unique_id: string, timestamp = "2026-01-01T00:00:00Z") => ({
  event: "realtime-login",
  data: { user_id, unique_id, timestamp }
})

const longBet = (user_id: string, activity_id: string, note: string, status = "Approved") => ({
  event: "realtime-sports-bet",
  data: {
    user_id,
    activity_id,
    activity_id_reference: "",
    timestamp: "2026-01-01T00:00:00Z",
    amount: 1,
    bet_type: "Single",
    bets: [{ tournament_name: "t", sports_name: "s", odds: 2, meta: { notes: note.match(/.{1,4000}/g) ?? [] } }],
    bonus_wager_amount: 0,
    currency: "EUR",
    status,
    type: "Bet"
  }
})

/** Letters that do not compress well, the same for the same seed. */
const seededText = (seed: number, length: number): string => {
  let text = ""
  for (let block = 0; text.length < length; block++) text += createHash("sha512").update(`${seed} ${block}`).digest("base64url")
  return text.slice(0, length)
}

const lenient = { strict: false }

const keptOf = (tenantId: string) =>
  Effect.flatMap(PgClient.PgClient, (sql) =>
    sql<{ reason: string; item: string; times: bigint; truncated: boolean }>`
      select reason, item, times, truncated from rejected_events where tenant_id = ${tenantId}::uuid`)

/** Holds every slice's head, as a stuck writer would, while `use` runs; `use` gets what lets go. */
const withHeadsLocked = <A, E, R>(use: (release: Effect.Effect<void>) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const locked = yield* Deferred.make<void>()
    const released = yield* Deferred.make<void>()
    const holder = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
      yield* sql`select 1 from slice_heads order by slice for update`
      yield* Deferred.succeed(locked, undefined)
      yield* Deferred.await(released)
    })))
    yield* Deferred.await(locked)
    const result = yield* use(Effect.asVoid(Deferred.succeed(released, undefined)))
    yield* Fiber.join(holder)
    return result
  })

layer(testService({ settings: { MAX_ITEMS: "30", MAX_EVENTS_IN_FLIGHT: "40" } }).pipe(Layer.provideMerge(TestDatabase.layer)), {
  excludeTestServices: true
})("Ingest", (it) => {
  it.effect("stores what it can and reports the rest in the order of the request", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const tenant = yield* newTenant()
      yield* batch(tenant, bulkItems([login("one", "a")]), lenient)
      const report = yield* batch(
        tenant,
        bulkItems([
          { event: "realtime-login", data: { user_id: "one", unique_id: "bad" } },
          login("one", "a"),
          login("one", "b"),
          login("one", "a", "2026-01-02T00:00:00Z"),
          login("two", "a"),
          "nonsense"
        ]),
        lenient
      )
      assert.deepStrictEqual({ accepted: report.accepted, duplicates: report.duplicates }, { accepted: 2, duplicates: 1 })
      assert.deepStrictEqual(
        report.rejected.map(({ event, id, index, reason }) => ({ event, id, index, reason })),
        [
          { index: 0, event: "realtime-login", id: "bad", reason: "invalid" },
          { index: 3, event: "realtime-login", id: "a", reason: "idempotency_conflict" },
          { index: 5, event: null, id: null, reason: "invalid" }
        ]
      )
    }))

  it.effect("tells repeats of long events from conflicts, whatever is stored under their keys", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const tenant = yield* newTenant()
      // Of random letters, which PostgreSQL does not compress; the last are longer than what one
      // answer of it may have.
      const sizes = [10, 9_000, 40_000, 250_000, ...Array.from({ length: 20 }, () => 240_000)]
      const noteOf = (nth: number, size: number) => seededText(nth, size)
      const bets = sizes.map((size, nth) => longBet("player", `b-${nth}`, noteOf(nth, size)))
      const first = yield* batch(tenant, bulkItems(bets), lenient)
      assert.deepStrictEqual(first, { accepted: sizes.length, duplicates: 0, rejected: [] })

      const others = sizes.map((size, nth) => longBet("player", `b-${nth}`, nth % 2 === 0 ? noteOf(nth, size) : `${noteOf(nth, 20)}!`))
      const again = yield* batch(tenant, bulkItems([...others, longBet("player", "new", "")]), lenient)
      assert.deepStrictEqual([again.accepted, again.duplicates], [1, sizes.length / 2])
      assert.deepStrictEqual(
        again.rejected.map(({ id, reason }) => [id, reason]),
        sizes.flatMap((_, nth) => nth % 2 === 0 ? [] : [[`b-${nth}`, "idempotency_conflict"]])
      )

      // The same content in another spelling, and twice in one request.
      const spelled = longBet("player", "b-3", noteOf(3, 250_000), "approved")
      const twice = yield* batch(tenant, bulkItems([spelled, longBet("player", "b-3", "short"), spelled]), lenient)
      assert.deepStrictEqual([twice.accepted, twice.duplicates, twice.rejected.map(({ index }) => index)], [0, 2, [1]])
    }))

  it.effect("names the id of an item of any kind that says something else than the one stored", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const tenant = yield* newTenant()
      const send = (timestamp: string) => {
        const body = `[${eventTypes.map((event) => itemOf(event, { timestamp: `"${timestamp}"` })).join(",")}]`
        return batch(tenant, bodyItems(body), lenient)
      }
      assert.deepInclude(yield* send("2026-01-01T00:00:00Z"), { accepted: eventTypes.length, rejected: [] })
      const { rejected } = yield* send("2026-01-02T00:00:00Z")
      assert.deepStrictEqual(
        rejected.map(({ event, id, reason }) => [event, id, reason]),
        [
          ["realtime-casino", "c-1", "idempotency_conflict"],
          ["realtime-payment", "p-1", "idempotency_conflict"],
          ["realtime-registration", "a-1", "idempotency_conflict"],
          ["realtime-gameround", "r-1", "idempotency_conflict"],
          ["realtime-sports-bet", "b-1", "idempotency_conflict"],
          ["realtime-login", "l-1", "idempotency_conflict"]
        ]
      )
    }))

  it.effect("keeps each rejected item once, as it came, however often it comes", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const tenant = yield* newTenant()
      const body = `[{"event":"realtime-login","data":{"user_id":"\\u0000","unique_id":"\\ud800","n":0.1000000000000000055511151231257827}},
        {"event":"${"x".repeat(20_000)}"}]`
      for (let time = 0; time < 3; time++) yield* batch(tenant, bodyItems(body), lenient)
      const rejected = yield* keptOf(tenant.tenantId)
      assert.deepStrictEqual(
        rejected.map(({ reason, times, truncated }) => ({ reason, times, truncated })).toSorted((a, b) => +a.truncated - +b.truncated),
        [
          { reason: "invalid", times: 3n, truncated: false },
          { reason: "invalid", times: 3n, truncated: true }
        ]
      )
      const whole = rejected.find(({ truncated }) => !truncated)
      assert.strictEqual(
        whole?.item,
        `{"event":"realtime-login","data":{"user_id":"\\u0000","unique_id":"\\ud800","n":0.1000000000000000055511151231257827}}`
      )
      const cut = rejected.find(({ truncated }) => truncated)
      assert.strictEqual(cut?.item.length, 16 * 1024)
    }))

  it.effect("stores and keeps nothing of a strict batch with an invalid item", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const log = yield* EventLog
      const tenant = yield* newTenant()
      const refused = yield* Effect.flip(batch(tenant, bulkItems([login("one", "a"), {}]), { strict: true }))
      assert.strictEqual(refused._tag, "StrictRefusal")
      assert.deepStrictEqual(
        yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId("one"), before: Number.MAX_SAFE_INTEGER, limit: 10 }),
        []
      )
      const rejected = yield* keptOf(tenant.tenantId)
      assert.deepStrictEqual(rejected, [])
      const report = yield* batch(tenant, bulkItems([login("one", "a")]), { strict: true })
      assert.strictEqual(report.accepted, 1)
    }))

  it.effect("refuses a batch untouched while too much is in flight, and takes it afterwards", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const log = yield* EventLog
      const tenant = yield* newTenant()
      const items = Array.from({ length: 30 }, (_, index) => login(`user-${index}`, "a"))
      yield* withHeadsLocked((release) =>
        Effect.gen(function*() {
          const first = yield* Effect.forkChild(batch(tenant, bulkItems(items), lenient), { startImmediately: true })
          const refused = yield* Effect.flip(batch(tenant, bulkItems([login("late", "b")]), lenient))
          assert.strictEqual(refused._tag, "Overloaded")
          yield* release
          assert.strictEqual((yield* Fiber.join(first)).accepted, 30)
        })
      )
      assert.deepStrictEqual(
        yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId("late"), before: Number.MAX_SAFE_INTEGER, limit: 10 }),
        []
      )
      assert.strictEqual((yield* batch(tenant, bulkItems(items), lenient)).duplicates, 30)
    }))

  it.effect("carries on when the one who asked goes away", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const log = yield* EventLog
      const tenant = yield* newTenant()
      yield* withHeadsLocked((release) =>
        Effect.gen(function*() {
          const request = yield* Effect.forkChild(batch(tenant, bulkItems([login("gone", "a"), login("gone", "b")]), lenient), {
            startImmediately: true
          })
          const interruption = yield* Effect.forkChild(Fiber.interrupt(request), { startImmediately: true })
          yield* release
          yield* Fiber.join(interruption)
        })
      )
      assert.strictEqual(
        (yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId("gone"), before: Number.MAX_SAFE_INTEGER, limit: 10 })).length,
        2
      )
    }))
})

layer(testService({ settings: { MAX_EVENT_BYTES: "1024", MAX_FUTURE_HOURS: "24" } }).pipe(Layer.provideMerge(TestDatabase.layer)), {
  excludeTestServices: true
})("Ingest, of what is too much", (it) => {
  const bet = (id: string, bets: string) => itemOf("realtime-sports-bet", { user_id: `"fat"`, activity_id: `"${id}"`, bets })
  const leg = (meta: string) => `[{"tournament_name":"t","sports_name":"s","odds":2,"meta":${meta}}]`
  const batchOf = Effect.fnUntraced(function*(...items: ReadonlyArray<string>) {
    const { batch } = yield* Ingest
    const tenant = yield* newTenant()
    // The bounds of a body with these settings.
    const report = yield* batch(
      tenant,
      bodyItems(`[${items.join()}]`, bodyBounds({ itemsPerRequest: 10_000, bytesPerEvent: 1024 })),
      lenient
    )
    return { report, tenant, kept: yield* keptOf(tenant.tenantId) }
  })

  it.effect("rejects an item whose stored form is larger than an event may be, by its bytes as they are stored", () =>
    Effect.gen(function*() {
      // In the body it has 300 bytes; written out, each number has 32.
      const short = bet("numbers", leg(`[${Array(40).fill("1e-30").join()}]`.replace(/^(.*)$/, `{"n":$1}`)))
      const wide = bet("wide", leg(`{"t":"${"€".repeat(300)}"}`))
      const fits = bet("fits", leg(`{"t":"${"x".repeat(300)}"}`))
      const { kept, report } = yield* batchOf(short, fits, wide)
      assert.strictEqual(report.accepted, 1)
      assert.deepStrictEqual(report.rejected.map(({ event, id, index, reason }) => [index, event, id, reason]), [
        [0, "realtime-sports-bet", "numbers", "invalid"],
        [2, "realtime-sports-bet", "wide", "invalid"]
      ])
      for (const { issues } of report.rejected) {
        assert.match(issues[0]?.message ?? "", /^must take at most 1024 bytes as it is stored, not 1\d\d\d$/)
      }
      assert.deepStrictEqual(new Set(kept.map(({ item }) => JSON.parse(item).data.activity_id)), new Set(["numbers", "wide"]))
    }))

  it.effect("stores an item of exactly as many bytes as an event may have, and none of one more", () =>
    Effect.gen(function*() {
      const sized = (length: number) => bet(`${length}`.padStart(4, "0"), leg(`{"t":"${"x".repeat(length)}"}`))
      const { report } = yield* batchOf(...Array.from({ length: 400 }, (_, at) => sized(200 + at)))
      const sizes = report.rejected.map(({ issues }) => Number(/not (\d+)$/.exec(issues[0]?.message ?? "")?.[1]))
      assert.strictEqual(sizes[0], 1025)
      assert.strictEqual(report.accepted + sizes.length, 400)
      assert.isTrue(sizes.every((size, at) => size === 1025 + at))
      assert.isAbove(report.accepted, 10)
    }))

  it.effect("rejects and keeps what is nested too deep or has too many values, unparsed, and stores the others", () =>
    Effect.gen(function*() {
      const deep = `{"event":"realtime-login","data":${"[".repeat(70)}{ "user_id" : "\\u0064eep" }${"]".repeat(70)}}`
      const wide = `{"event":"realtime-login","data":[${"0,".repeat(20_000)}0]}`
      const { kept, report } = yield* batchOf(deep, JSON.stringify(login("ok", "a")), wide)
      assert.strictEqual(report.accepted, 1)
      assert.deepStrictEqual(report.rejected, [
        { index: 0, event: null, id: null, reason: "invalid", issues: [{ path: [], message: "must not be nested deeper than 64 levels" }] },
        { index: 2, event: null, id: null, reason: "invalid", issues: [{ path: [], message: "must have at most 20000 JSON values" }] }
      ])
      assert.deepStrictEqual(kept.map(({ truncated }) => truncated).toSorted(), [false, true])
      // In the one spelling by which a user's rejected items are found.
      assert.include(kept.find(({ truncated }) => !truncated)?.item, `{"user_id":"deep"}`)
    }))

  it.effect("stores nothing of a body that is not JSON after thousands of items that are", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const log = yield* EventLog
      const tenant = yield* newTenant()
      const items = Array.from({ length: 2000 }, (_, index) => JSON.stringify(login("many", `${index}`)))
      const failure = yield* Effect.flip(batch(tenant, bodyItems(`{"items": [\n${items.join(",\n")},\n{"event": tru}\n]}`), lenient))
      assert.deepStrictEqual(failure, { _tag: "MalformedJson", message: "This is not JSON: line 2002, column 14." })
      assert.deepStrictEqual(
        yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId("many"), before: Number.MAX_SAFE_INTEGER, limit: 10 }),
        []
      )
      assert.deepStrictEqual(yield* keptOf(tenant.tenantId), [])
    }))

  it.effect("rejects what is dated more than MAX_FUTURE_HOURS after the clock", () =>
    Effect.gen(function*() {
      const now = Date.UTC(2026, 5, 1)
      const at = (millis: number) => new Date(millis).toISOString()
      const items = [0, 86_400_000, 86_400_001].map((ahead) => JSON.stringify(login("ahead", `${ahead}`, at(now + ahead))))
      const clock: Clock.Clock = Object.assign(Object.create(yield* Clock.Clock), { currentTimeMillis: Effect.succeed(now) })
      const { report } = yield* Effect.provideService(batchOf(...items), Clock.Clock, clock)
      assert.strictEqual(report.accepted, 2)
      assert.deepStrictEqual(report.rejected.map(({ id, issues }) => [id, issues]), [
        ["86400001", [{
          path: ["data", "timestamp"],
          message: "must not lie so far in the future: the latest taken now is 2026-06-02T00:00:00.000Z"
        }]]
      ])
    }))

  it.effect("names the fields in which a conflict differs, and none of their values", () =>
    Effect.gen(function*() {
      const { batch } = yield* Ingest
      const tenant = yield* newTenant()
      const pay = (change: Readonly<Record<string, string>>) => bodyItems(`[${itemOf("realtime-payment", change)}]`)
      yield* batch(tenant, pay({}), lenient)
      const { rejected } = yield* batch(tenant, pay({ base_amount: "987.5", vendor_name: `"S3cret"` }), lenient)
      assert.deepStrictEqual(rejected.map(({ issues }) => issues), [[{
        path: ["data"],
        message: "An event stored under this key stays. It differs in base_amount, vendor_name."
      }]])
    }))
})
