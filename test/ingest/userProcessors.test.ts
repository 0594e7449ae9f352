import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { EventLogUnavailable } from "../../src/event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../../src/event-log/RecordedEvent.ts"
import { SliceWriters } from "../../src/ingest/SliceWriters.ts"
import { UserProcessors } from "../../src/ingest/UserProcessors.ts"
import { Position } from "../../src/values/Position.ts"
import { UserId } from "../../src/values/UserId.ts"
import { undecodedBet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { someTenant } from "../support/events/someTenant.ts"

const mail = (userId: string, ids: ReadonlyArray<string>) => ({
  tenantId: someTenant.tenantId,
  userId: UserId(userId),
  events: ids.map((id) => newEvent(someTenant, undecodedBet(userId, id)))
})

const numbers = (count: number, prefix = "") => Array.from({ length: count }, (_, index) => `${prefix}${index}`)

/** Writers that append what a gate lets through, and remember it. */
const gatedWriters = (gate: Effect.Effect<void, EventLogUnavailable>) => gatedWritersOf(() => gate)

/** The same with a gate for each user. */
const gatedWritersOf = (gateOf: (userId: UserId) => Effect.Effect<void, EventLogUnavailable>) => {
  const appended: Array<ReadonlyArray<NewEvent>> = []
  const layer = Layer.succeed(
    SliceWriters,
    SliceWriters.of({
      append: (append) => {
        const { events } = append
        const write = Effect.map(gateOf(events[0]?.userId ?? UserId("")), () => {
          appended.push(events)
          return events.map((_, index): AppendOutcome => ({ _tag: "Appended", position: Position(index + 1) }))
        })
        Effect.runFork(Effect.map(Effect.exit(write), (exit) => append.answer(exit, 0)))
      }
    })
  )
  return { appended, layer: Layer.provide(UserProcessors.layer, layer) }
}

const idsOf = (events: ReadonlyArray<NewEvent>) => events.map(({ payload }): string => JSON.parse(payload).unique_id)

describe("UserProcessors", () => {
  it.effect("hands what waited during an append to the log as one append, in order", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { appended, layer } = gatedWriters(Deferred.await(gate))
      yield* Effect.gen(function*() {
        const processors = yield* UserProcessors
        const requests: Array<Fiber.Fiber<unknown, unknown>> = []
        for (const ids of [["a"], ["b", "c"], ["d"]]) {
          requests.push(yield* Effect.forkChild(processors.process([mail("player", ids)]), { startImmediately: true }))
        }
        assert.strictEqual(processors.active(), 1)
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.forEach(requests, Fiber.join)
        assert.deepStrictEqual(appended.map(idsOf), [["a"], ["b", "c", "d"]])
        assert.strictEqual(processors.active(), 0)
      }).pipe(Effect.provide(layer))
    }))

  it.effect("answers every user's outcomes in the order asked", () =>
    Effect.gen(function*() {
      const { layer } = gatedWriters(Effect.void)
      const answers = yield* Effect.flatMap(UserProcessors, ({ process }) =>
        process([mail("one", ["a", "b"]), mail("two", []), mail("three", ["c"])].filter(({ events }) => events.length > 0))).pipe(
          Effect.provide(layer)
        )
      assert.deepStrictEqual(
        answers.map((outcomes) =>
          outcomes.length
        ),
        [2, 1]
      )
    }))

  it.effect("takes ten thousand events of one user, some thousand to an append", () =>
    Effect.gen(function*() {
      const { appended, layer } = gatedWriters(Effect.void)
      const [outcomes] = yield* Effect.flatMap(UserProcessors, ({ process }) => process([mail("player", numbers(10_000))])).pipe(
        Effect.provide(layer)
      )
      assert.strictEqual(outcomes?.length, 10_000)
      assert.deepStrictEqual(appended.flatMap(idsOf), numbers(10_000))
      assert.isAtMost(Math.max(...appended.map(({ length }) => length)), 2000)
    }))

  it.effect("takes one user's long events, some megabytes to an append, and a longer one alone", () =>
    Effect.gen(function*() {
      const { appended, layer } = gatedWriters(Effect.void)
      const long = (id: string, characters: number): NewEvent => {
        const event = newEvent(someTenant, undecodedBet("player", id))
        return { ...event, payload: `${event.payload.slice(0, -1)},"pad":"${"x".repeat(characters)}"}` }
      }
      const sizes = [...numbers(30).map(() => 1_000_000), 5_000_000, ...numbers(30).map(() => 1_000_000)]
      const events = sizes.map((size, index) => long(String(index), size))
      const { tenantId } = someTenant
      yield* Effect.flatMap(UserProcessors, ({ process }) =>
        process([{ tenantId, userId: UserId("player"), events: events.slice(0, 40) }, {
          tenantId,
          userId: UserId("player"),
          events: events.slice(40)
        }]))
        .pipe(Effect.provide(layer))
      assert.deepStrictEqual(appended.flatMap(idsOf), numbers(61))
      for (const batch of appended) {
        const characters = batch.reduce((sum, { payload }) => sum + payload.length, 0)
        assert.isTrue(batch.length === 1 || characters <= 4 * 1024 * 1024, `${batch.length} events of ${characters} characters`)
      }
      assert.isAtMost(appended.length, 18)
    }))

  it.effect("says MailboxFull after one while, however many mailboxes of a request are full", () =>
    Effect.gen(function*() {
      const [first, second] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const { layer } = gatedWritersOf((userId) => Deferred.await(userId === "first" ? first : second))
      yield* Effect.gen(function*() {
        const { process } = yield* UserProcessors
        const waiting = yield* Effect.forEach(
          ["first", "second"].flatMap((user) => [[user, "a"], [user, "b"]] as const),
          ([user, prefix]) => Effect.forkChild(process([mail(user, numbers(10_000, prefix))]), { startImmediately: true })
        )
        const request = ["first", "second"].map((user) => mail(user, numbers(5000, "c")))
        const refused = yield* Effect.forkChild(Effect.flip(process(request)), { startImmediately: true })
        yield* TestClock.adjust("1500 millis")
        yield* Deferred.succeed(first, undefined)
        yield* TestClock.adjust("400 millis")
        assert.isUndefined(refused.pollUnsafe())
        yield* TestClock.adjust("200 millis")
        assert.isDefined(refused.pollUnsafe())
        const error = yield* Fiber.join(refused)
        assert.isTrue(error._tag === "MailboxFull" && error.userId === "second")
        yield* Deferred.succeed(second, undefined)
        yield* Effect.forEach(waiting, Fiber.join)
      }).pipe(Effect.provide(layer))
    }))

  it.effect("says MailboxFull after a while, without touching what waits, and takes mail again when there is room", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { appended, layer } = gatedWriters(Deferred.await(gate))
      yield* Effect.gen(function*() {
        const { process } = yield* UserProcessors
        const waiting = yield* Effect.forEach(
          ["a", "b"],
          (prefix) => Effect.forkChild(process([mail("player", numbers(10_000, prefix))]), { startImmediately: true })
        )
        const refused = yield* Effect.forkChild(Effect.flip(process([mail("player", numbers(5000, "c"))])), { startImmediately: true })
        yield* TestClock.adjust("3 seconds")
        assert.strictEqual((yield* Fiber.join(refused))._tag, "MailboxFull")
        const patient = yield* Effect.forkChild(process([mail("player", numbers(5000, "d"))]), { startImmediately: true })
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.forEach([...waiting, patient], Fiber.join)
        assert.deepStrictEqual(appended.flatMap(idsOf), [...numbers(10_000, "a"), ...numbers(10_000, "b"), ...numbers(5000, "d")])
      }).pipe(Effect.provide(layer))
    }))

  it.effect("fails every request whose events could not be written, and starts afresh", () =>
    Effect.gen(function*() {
      let works = false
      const gate = Effect.suspend(() => works ? Effect.void : Effect.fail(new EventLogUnavailable({ cause: "away" })))
      const { appended, layer } = gatedWriters(gate)
      yield* Effect.gen(function*() {
        const processors = yield* UserProcessors
        const error = yield* Effect.flip(processors.process([mail("one", numbers(5000)), mail("two", ["b"])]))
        assert.strictEqual(error._tag, "EventLogUnavailable")
        works = true
        yield* processors.process([mail("one", ["c"])])
        assert.deepStrictEqual(appended.map(idsOf).at(-1), ["c"])
        assert.strictEqual(processors.active(), 0)
      }).pipe(Effect.provide(layer))
    }))

  it.effect("lets on who waited for room when a failure has made some", () =>
    Effect.gen(function*() {
      const away = yield* Deferred.make<void, EventLogUnavailable>()
      let fails = true
      const { appended, layer } = gatedWriters(Effect.suspend(() => fails ? Deferred.await(away) : Effect.void))
      yield* Effect.gen(function*() {
        const { process } = yield* UserProcessors
        const large = yield* Effect.forkChild(Effect.flip(process([mail("player", numbers(15_000, "a"))])), { startImmediately: true })
        const patient = yield* Effect.forkChild(process([mail("player", numbers(10_000, "b"))]), { startImmediately: true })
        fails = false
        yield* Deferred.fail(away, new EventLogUnavailable({ cause: "away" }))
        assert.strictEqual((yield* Fiber.join(large))._tag, "EventLogUnavailable")
        // Without the clock being moved.
        yield* Fiber.join(patient)
        assert.deepStrictEqual(appended.flatMap(idsOf), numbers(10_000, "b"))
      }).pipe(Effect.provide(layer))
    }))

  it.effect("writes on when the one who waits goes away, and finishes before it closes", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { appended, layer } = gatedWriters(Deferred.await(gate))
      yield* Effect.gen(function*() {
        const { process } = yield* UserProcessors
        const gone = yield* Effect.forkChild(process([mail("player", ["a"])]), { startImmediately: true })
        yield* Fiber.interrupt(gone)
        yield* Deferred.succeed(gate, undefined)
      }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(appended.map(idsOf), [["a"]])
    }))

  it.effect("keeps nothing of a hundred thousand users once their mail is done", () =>
    Effect.gen(function*() {
      const { appended, layer } = gatedWriters(Effect.void)
      yield* Effect.gen(function*() {
        const processors = yield* UserProcessors
        for (let start = 0; start < 100_000; start += 1000) {
          yield* processors.process(numbers(1000).map((_, index) => mail(`player-${start + index}`, ["a"])))
          appended.length = 0
        }
        assert.strictEqual(processors.active(), 0)
      }).pipe(Effect.provide(layer))
    }))
})
