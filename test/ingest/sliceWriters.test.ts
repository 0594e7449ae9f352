import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { AppendSignal } from "../../src/event-log/AppendSignal.ts"
import { EventLog } from "../../src/event-log/EventLog.ts"
import type { AppendOutcome, NewEvent } from "../../src/event-log/RecordedEvent.ts"
import { SliceWriters } from "../../src/ingest/SliceWriters.ts"
import { Position } from "../../src/values/Position.ts"
import { Slice } from "../../src/values/Slice.ts"
import { seededRandom } from "../oracle/random.ts"
import { undecodedBet } from "../support/events/events.ts"
import { newEvent } from "../support/events/newEvent.ts"
import { someTenant } from "../support/events/someTenant.ts"

const eventsIn = (slice: number, ...ids: ReadonlyArray<string>): ReadonlyArray<NewEvent> =>
  ids.map((id) => ({ ...newEvent(someTenant, undecodedBet("player", id)), slice: Slice(slice) }))

const many = (slice: number, count: number) => eventsIn(slice, ...Array.from({ length: count }, (_, nth) => `${slice}-${nth}`))

const idOf = ({ payload }: NewEvent): string => JSON.parse(payload).unique_id

interface Statement {
  readonly events: ReadonlyArray<NewEvent>
  readonly commit: Effect.Effect<void>
}

/** Lets the writers' fibers run until they wait for a commit or for the clock. */
const settle = Effect.forEach(Array.from({ length: 20 }), () => Effect.yieldNow, { discard: true })

/** Writers on a log of two lanes whose statements last until they are committed here. */
const manualLog = () => {
  const statements: Array<Statement> = []
  const unused = () => Effect.die("not used here")
  const log = Layer.succeed(
    EventLog,
    EventLog.of({
      laneCount: 2,
      append: (events) =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<void>()
          statements.push({ events, commit: Effect.asVoid(Deferred.succeed(gate, undefined)) })
          yield* Deferred.await(gate)
          // A position that tells whose outcome it is.
          return events.map((event): AppendOutcome => ({ _tag: "Appended", position: Position(Number(idOf(event).split("-")[1] ?? 0)) }))
        }),
      compare: unused,
      read: unused,
      count: unused,
      look: unused,
      lookAtParts: unused,
      lookAtUsers: unused,
      lookAtUser: unused,
      fetch: unused,
      readUserPage: unused,
      readUser: unused
    })
  )
  const layer = Layer.provide(SliceWriters.layer, [log, AppendSignal.layer])
  /** Runs a test, and commits what it leaves under way, without which the writers would not end. */
  const run = <A, E>(test: Effect.Effect<A, E, SliceWriters>) =>
    Effect.provide(
      Effect.ensuring(
        test,
        Effect.gen(function*() {
          for (let nth = 0; nth < statements.length; nth++) {
            yield* statements[nth]?.commit ?? Effect.void
            yield* settle
          }
        })
      ),
      layer
    )
  return { statements, run }
}

const written = (statements: ReadonlyArray<Statement>) => statements.map(({ events }) => events.map(idOf))

describe("SliceWriters", () => {
  it.effect("takes an append without a lane for a defect, and lets nobody wait for it", () => {
    const { run, statements } = manualLog()
    return run(Effect.gen(function*() {
      const { append } = yield* SliceWriters
      const answer = () => assert.fail("answered")
      assert.throws(() => append({ events: [], answer }), "Missing event of an append: this is a defect")
      assert.throws(() => append({ events: eventsIn(-1, "0-1"), answer }), "Missing lane of slice -1: this is a defect")
      yield* settle
      assert.lengthOf(statements, 0)
    }))
  })

  it.effect("goes on after an answer that throws, and answers the others of the statement", () => {
    const { run, statements } = manualLog()
    return run(Effect.gen(function*() {
      const { append } = yield* SliceWriters
      let answered = 0
      const answer = () => {
        answered++
      }
      append({
        events: eventsIn(0, "a"),
        answer: () => {
          throw new Error("a defect of the caller")
        }
      })
      append({ events: eventsIn(0, "b"), answer })
      yield* settle
      yield* statements[0]?.commit ?? Effect.void
      yield* settle
      append({ events: eventsIn(0, "c"), answer })
      yield* settle
      assert.deepStrictEqual(written(statements), [["a", "b"], ["c"]])
      yield* statements[1]?.commit ?? Effect.void
      yield* settle
      assert.strictEqual(answered, 2)
    }))
  })

  it.effect("puts what little waits in all lanes into one statement, once the one under way is committed", () => {
    const { run, statements } = manualLog()
    return run(Effect.gen(function*() {
      const { append } = yield* SliceWriters
      append({ events: eventsIn(0, "a"), answer: () => {} })
      yield* settle
      for (const [slice, id] of [[1, "b"], [0, "c"], [3, "d"]] as const) append({ events: eventsIn(slice, id), answer: () => {} })
      yield* settle
      assert.deepStrictEqual(written(statements), [["a"]])
      yield* statements[0]?.commit ?? Effect.void
      yield* settle
      assert.deepStrictEqual(written(statements).map((ids) => ids.toSorted()), [["a"], ["b", "c", "d"]])
    }))
  })

  it.effect("does not wait for a lane that is held up", () => {
    const { run, statements } = manualLog()
    return run(Effect.gen(function*() {
      const { append } = yield* SliceWriters
      append({ events: eventsIn(0, "a"), answer: () => {} })
      yield* settle
      append({ events: eventsIn(0, "b"), answer: () => {} })
      append({ events: eventsIn(1, "c"), answer: () => {} })
      yield* settle
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.deepStrictEqual(written(statements), [["a"], ["c"]])
      yield* statements[1]?.commit ?? Effect.void
      append({ events: eventsIn(1, "d"), answer: () => {} })
      yield* settle
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.deepStrictEqual(written(statements), [["a"], ["c"], ["d"]])
    }))
  })

  it.effect("writes side by side what is much", () => {
    const { run, statements } = manualLog()
    return run(Effect.gen(function*() {
      const { append } = yield* SliceWriters
      append({ events: many(0, 600), answer: () => {} })
      append({ events: many(1, 600), answer: () => {} })
      yield* settle
      assert.deepStrictEqual(statements.map(({ events }) => events.length), [600, 600])
    }))
  })

  it.effect("writes each slice's appends in order, one statement at a time, and answers each with its own outcomes", () => {
    const { run, statements } = manualLog()
    return run(Effect.gen(function*() {
      const { append } = yield* SliceWriters
      const [offered, answered] = [new Map<number, Array<string>>(), new Map<string, number>()]
      const committed = new Set<Statement>()
      const random = seededRandom(7)
      let nth = 0
      for (let step = 0; step < 1000; step++) {
        if (step < 700 && random.below(3) > 0) {
          const slice = random.below(8)
          const events = eventsIn(slice, ...Array.from({ length: 1 + random.below(4) * random.below(120) }, () => `${slice}-${nth++}`))
          offered.set(slice, [...offered.get(slice) ?? [], ...events.map(idOf)])
          append({
            events,
            answer: (exit, start) => {
              const outcomes = Exit.isSuccess(exit) ? exit.value : []
              events.forEach((event, at) => {
                const outcome = outcomes[start + at]
                answered.set(idOf(event), outcome?._tag === "Appended" ? outcome.position : -1)
              })
            }
          })
        } else if (random.below(2) === 0) {
          yield* TestClock.adjust("30 millis")
        }
        yield* settle
        const underWay = statements.filter((statement) => !committed.has(statement))
        const slices = underWay.flatMap(({ events }) => [...new Set(events.map(({ slice }) => slice))])
        assert.strictEqual(slices.length, new Set(slices).size, "a slice is in two statements at once")
        const next = underWay[random.below(Math.max(1, underWay.length))]
        if (next === undefined || (step < 700 && random.below(4) > 0)) continue
        committed.add(next)
        yield* next.commit
        yield* settle
      }
      for (const [slice, ids] of offered) {
        assert.deepStrictEqual(statements.flatMap(({ events }) => events.filter((event) => event.slice === slice).map(idOf)), ids)
      }
      assert.strictEqual(answered.size, nth)
      for (const [id, position] of answered) assert.strictEqual(position, Number(id.split("-")[1]))
    }))
  })
})
