import { assert, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { completed } from "../../src/event-log/completed.ts"
import type { EventLog } from "../../src/event-log/EventLog.ts"
import type { AppendOutcome, EventOutcome, LogEntry, NewEvent, RecordedEvent, SlicePosition } from "../../src/event-log/RecordedEvent.ts"
import { allSlices, sliceOf } from "../../src/event-log/sliceOf.ts"
import { pageBytes } from "../../src/event-log/statements/readUserPage.ts"
import type { FastTrackEvent } from "../../src/fasttrack/FastTrackEvent.ts"
import type { Tenant } from "../../src/tenants/Tenant.ts"
import { compareUtf8 } from "../../src/values/compareUtf8.ts"
import { known } from "../../src/values/known.ts"
import { Position } from "../../src/values/Position.ts"
import { Slice } from "../../src/values/Slice.ts"
import { UserId } from "../../src/values/UserId.ts"
import { bet } from "../support/events/events.ts"
import { newEvent, userInSlice } from "../support/events/newEvent.ts"

/** A log as two processes have it. */
export class LogUnderTest extends Context.Service<LogUnderTest, {
  readonly writers: readonly [EventLog["Service"], EventLog["Service"]]
  readonly newTenant: Effect.Effect<Tenant>
}>()("playtally/test/event-log/LogUnderTest") {}

/** Every payload is text that repeats, that does not, or short. */
const fillers = {
  short: "g",
  withheld: Array.from({ length: 50 }, (_, nth) => createHash("sha256").update(`${nth}`).digest("hex")).join(""),
  compressible: "g".repeat(20_000),
  long: Array.from({ length: 300 }, (_, nth) => createHash("sha256").update(`${nth}`).digest("hex")).join("")
} as const

/**
 * An event that some sender may send: few users, few ids, so that repeats and conflicts are many.
 */
const Sent = Schema.Struct({
  user: Schema.Literals(["a", "b", "z", "\u{ffff}", "\u{10000}"]),
  id: Schema.Literals(["1", "2", "3", "4", "5", "6"]),
  amount: Schema.Literals(["1", "2"]),
  size: Schema.Literals(["short", "short", "short", "withheld", "compressible", "long"])
})
type Sent = typeof Sent.Type

const toEvent = ({ amount, id, size, user }: Sent): FastTrackEvent => {
  const event = bet({ user_id: user, unique_id: id, amount })
  return event.event === "realtime-casino" ? { ...event, data: { ...event.data, game_id: fillers[size] } } : event
}

const maxPosition = Number.MAX_SAFE_INTEGER
const everyType = ["realtime-casino"] as const

/** Appends, and has what is Known compared: the outcomes that a sender is answered. */
const append = Effect.fnUntraced(function*(log: EventLog["Service"], events: ReadonlyArray<NewEvent>) {
  const outcomes = yield* log.append(events)
  assert.strictEqual(outcomes.length, events.length)
  const isKnown = (outcome: AppendOutcome) => outcome._tag === "Known"
  const compared = yield* log.compare(
    outcomes.flatMap((outcome, index) =>
      outcome._tag === "Known" ? [{ event: known(events[index], "event"), position: outcome.position }] : []
    )
  )
  assert.strictEqual(compared.length, outcomes.filter(isKnown).length)
  let next = 0
  return outcomes.map((outcome): EventOutcome => outcome._tag === "Known" ? known(compared[next++], "comparison") : outcome)
})

const positionOf = (outcome: AppendOutcome | undefined): Position => Position(outcome?._tag === "Appended" ? outcome.position : Number.NaN)

/** Everything after some positions, read in small pages, as whoever follows the log reads it. */
const readOn = Effect.fnUntraced(function*(
  log: EventLog["Service"],
  start: ReadonlyArray<SlicePosition>,
  bound = { events: 3, bytes: 10_000 }
) {
  const places = new Map(start.map(({ position, slice }) => [slice, position]))
  const entries: Array<LogEntry> = []
  for (;;) {
    const page = yield* log.read([...places].map(([slice, position]) => ({ slice, position })), bound)
    for (const entry of page) {
      assert.strictEqual(entry.position, (places.get(entry.slice) ?? Number.NaN) + 1, "a position was skipped")
      places.set(entry.slice, entry.position)
    }
    assert.deepStrictEqual(page, page.toSorted(byPlace), "out of order")
    entries.push(...page)
    if (page.length === 0) return entries.sort(byPlace)
  }
})

const byPlace = (a: SlicePosition, b: SlicePosition): number => a.slice - b.slice || a.position - b.position

const isOf = (tenant: Tenant) => (entry: LogEntry): entry is RecordedEvent => entry.tenantId === tenant.tenantId && entry.event !== null

/** What must hold of every log at any time. */
const assertSound = Effect.fnUntraced(function*(log: EventLog["Service"]) {
  const last = new Map<number, number>()
  for (
    const { recordedAt, slice } of yield* readOn(log, allSlices.map((slice) => ({ slice, position: Position(0) })), {
      events: 500,
      bytes: 2 ** 24
    })
  ) {
    assert.isAtLeast(recordedAt, last.get(slice) ?? 0, "recordedAt decreases")
    last.set(slice, recordedAt)
  }
})

/**
 * The contract of `EventLog`, as a suite that runs against any log. It asks nothing but the
 * contract: no table, no statement.
 */
export const eventLogContract = <E>(name: string, logUnderTest: Layer.Layer<LogUnderTest, E>) =>
  layer(logUnderTest, { excludeTestServices: true })(`${name}, by the contract of EventLog,`, (it) => {
    it.effect("appends in order, from the next position on, and reads back what it was given", () =>
      Effect.gen(function*() {
        const { newTenant, writers: [log] } = yield* LogUnderTest
        const tenant = yield* newTenant
        const events = ["a", "b", "c"].map((id) => bet({ user_id: UserId("player"), unique_id: id, amount: "0.000000000000000001" }))
        const outcomes = yield* log.append(events.map((event) => newEvent(tenant, event)))
        assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Appended", "Appended", "Appended"])
        const positions = outcomes.map(positionOf)
        assert.deepStrictEqual(positions, positions.map((_, nth) => known(positions[0], "position") + nth))
        const read = yield* log.readUser({ tenantId: tenant.tenantId, userId: UserId("player"), before: maxPosition, limit: 10 })
        assert.deepStrictEqual(read.map(({ event }) => event), events.toReversed())
        assert.deepStrictEqual(read.map(({ position }) => position), positions.toReversed())
        yield* assertSound(log)
      }))

    it.effect("tells a repeat from a conflict, and names the position of the event that was first", () =>
      Effect.gen(function*() {
        const { newTenant, writers: [log] } = yield* LogUnderTest
        const tenant = yield* newTenant
        const [first] = yield* log.append([newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "a", amount: "10" }))])
        const again = yield* log.append([
          newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "a", amount: "10" })),
          newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "a", amount: "11" })),
          newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "b", amount: "1" }))
        ])
        assert.strictEqual(first?._tag, "Appended")
        const position = first?._tag === "Appended" ? first.position : Position(0)
        assert.deepStrictEqual(again, [{ _tag: "Duplicate", position }, { _tag: "Conflict", position, fields: ["amount"] }, {
          _tag: "Appended",
          position: Position(position + 1)
        }])
      }))

    it.effect("judges repeats within one append by what the log holds under their key", () =>
      Effect.gen(function*() {
        const { newTenant, writers: [log] } = yield* LogUnderTest
        const tenant = yield* newTenant
        yield* log.append([newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "stored", amount: "1" }))])
        const outcomes = yield* log.append([
          newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "new", amount: "1" })),
          newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "new", amount: "1" })),
          newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "new", amount: "2" })),
          newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "stored", amount: "2" })),
          newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "stored", amount: "1" }))
        ])
        assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Appended", "Duplicate", "Conflict", "Conflict", "Duplicate"])
      }))

    it.effect("keeps keys apart by user and tenant", () =>
      Effect.gen(function*() {
        const { newTenant, writers: [log] } = yield* LogUnderTest
        const [one, two] = [yield* newTenant, yield* newTenant]
        const outcomes = yield* log.append([
          newEvent(one, bet({ user_id: UserId("player"), unique_id: "a" })),
          newEvent(one, bet({ user_id: UserId("another"), unique_id: "a" })),
          newEvent(two, bet({ user_id: UserId("player"), unique_id: "a" })),
          // Two users who use one key.
          {
            ...newEvent(one, bet({ user_id: UserId("a third"), unique_id: "a" })),
            idempotencyKey: newEvent(one, bet({ user_id: UserId("player"), unique_id: "a" })).idempotencyKey
          }
        ])
        assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Appended", "Appended", "Appended", "Appended"])
      }))

    it.effect("refuses alone the event that it cannot hold, and a repeat of it", () =>
      Effect.gen(function*() {
        const { newTenant, writers: [log] } = yield* LogUnderTest
        const tenant = yield* newTenant
        const good = Array.from({ length: 60 }, (_, index) =>
          newEvent(tenant, bet({ user_id: UserId(`player-${index % 7}`), unique_id: `id-${index}` })))
        const noText = newEvent(tenant, { ...bet(), userId: UserId("player\0with a NUL") })
        const noJson: NewEvent = { ...newEvent(tenant, bet({ user_id: UserId("player"), unique_id: "bad" })), payload: "{" }
        const outcomes = yield* log.append([...good.slice(0, 20), noText, ...good.slice(20, 45), noJson, ...good.slice(45), noText])
        assert.deepStrictEqual(
          outcomes.flatMap(({ _tag }, index) =>
            _tag === "Appended" ? [] : [[index, _tag]]
          ),
          [[20, "Refused"], [46, "Refused"], [62, "Refused"]]
        )
        yield* assertSound(log)
      }))

    it.effect("pages the slices after given positions", () =>
      Effect.gen(function*() {
        const { newTenant, writers: [log] } = yield* LogUnderTest
        const tenant = yield* newTenant
        const [a, b] = [userInSlice(tenant, 3), userInSlice(tenant, 200)]
        const outcomes = yield* append(
          log,
          [a, b, a, b, a].map((user, index) => newEvent(tenant, bet({ user_id: UserId(user), unique_id: String(index) })))
        )
        const start = (index: number) => positionOf(outcomes[index]) - 1
        const read = yield* log.read([{ slice: Slice(200), position: Position(start(1)) }, {
          slice: Slice(3),
          position: Position(start(0) + 1)
        }], { events: 1, bytes: 1024 })
        assert.deepStrictEqual(
          read.map(({ event, position, slice }): ReadonlyArray<unknown> => [slice, position, event?.data]),
          [[3, start(0) + 2, bet({ user_id: a, unique_id: "2" }).data], [200, start(1) + 1, bet({ user_id: b, unique_id: "1" }).data]]
        )
      }))

    it.effect.prop(
      "stores each key once, whoever sends it, in any order, in any batches, however often and at once, and answers by what it holds",
      [Schema.Array(Schema.Tuple([Schema.Literals([0, 1]), Schema.Array(Sent)])).check(Schema.isMaxLength(8))],
      ([sends]) =>
        Effect.gen(function*() {
          const { newTenant, writers } = yield* LogUnderTest
          const tenant = yield* newTenant
          const send = Effect.fnUntraced(function*(writer: 0 | 1, events: ReadonlyArray<Sent>) {
            const outcomes = yield* append(writers[writer], events.map((event) => newEvent(tenant, toEvent(event))))
            return events.map((sent, index) => ({ sent, outcome: known(outcomes[index], "outcome") }))
          })
          const answers = yield* Effect.forEach(sends, ([writer, events]) => send(writer, events), { concurrency: "unbounded" })

          const firsts = new Map<string, { readonly sent: Sent; readonly position: Position }>()
          for (const { outcome, sent } of answers.flat()) {
            const key = `${sent.user} ${sent.id}`
            if (outcome._tag !== "Appended") continue
            assert.isFalse(firsts.has(key), `${key} was appended twice`)
            firsts.set(key, { sent, position: outcome.position })
          }
          const isAsHeld = ({ outcome, sent }: { readonly sent: Sent; readonly outcome: EventOutcome }) => {
            const { position, sent: first } = known(firsts.get(`${sent.user} ${sent.id}`), "appended event of a key")
            const fields = [
              ...first.amount === sent.amount ? [] : ["amount"],
              ...fillers[first.size] === fillers[sent.size] ? [] : ["game_id"]
            ]
            if (fields.length > 0) assert.deepStrictEqual(outcome, { _tag: "Conflict", position: Position(position), fields })
            else if (outcome._tag !== "Appended") assert.deepStrictEqual(outcome, { _tag: "Duplicate", position: Position(position) })
          }
          for (const answer of answers.flat()) isAsHeld(answer)
          // The new events of a slice are in the order in which they were sent.
          for (const answer of answers) {
            const bySlice = Map.groupBy(
              answer.filter(({ outcome }) => outcome._tag === "Appended"),
              ({ sent }) => sliceOf(tenant.tenantId, UserId(sent.user))
            )
            for (const appended of bySlice.values()) {
              const positions = appended.map(({ outcome }) => positionOf(outcome))
              assert.deepStrictEqual(positions, positions.toSorted((a, b) => a - b))
            }
          }

          // All of it again, the other way round and cut otherwise.
          const all = sends.flatMap(([, events]) => events).toReversed()
          for (let start = 0; start < all.length; start += 3) {
            for (const answer of yield* send(start % 2 === 0 ? 0 : 1, all.slice(start, start + 3))) {
              assert.notStrictEqual(answer.outcome._tag, "Appended")
              isAsHeld(answer)
            }
          }

          const slices = [...new Set([...firsts.values()].map(({ sent }) => sliceOf(tenant.tenantId, UserId(sent.user))))]
          const held = (yield* readOn(writers[1], slices.map((slice) => ({ slice, position: Position(0) })))).filter(isOf(tenant))
          assert.deepStrictEqual(
            held.map(({ event, position, slice }) => ({ slice, position, event })),
            [...firsts.values()].map(({ position, sent }) => ({
              slice: sliceOf(tenant.tenantId, UserId(sent.user)),
              position,
              event: toEvent(sent)
            }))
              .sort(byPlace)
          )
        }),
      { arbitrary: { runs: 20 } }
    )

    it.effect.prop(
      "gives by slice and by user what it holds, and all of it, however it is cut",
      [
        Schema.Array(Sent).check(Schema.isMinLength(1), Schema.isMaxLength(40)),
        Schema.Literals([1, 2, 5, 100]),
        Schema.Literals([1, 9_000, 60_000, 2 ** 24])
      ],
      ([sent, events, bytes]) =>
        Effect.gen(function*() {
          const { newTenant, writers: [log] } = yield* LogUnderTest
          const tenant = yield* newTenant
          const bound = { events, bytes }
          yield* append(log, sent.map((each) => newEvent(tenant, toEvent(each))))
          const slices = [...new Set(sent.map(({ user }) => sliceOf(tenant.tenantId, UserId(user))))]
          const start = slices.map((slice) => ({ slice, position: Position(0) }))
          const all = yield* readOn(log, start, { events: 1000, bytes: 2 ** 24 })
          const own = all.filter(isOf(tenant))
          assert.isAbove(own.length, 0)
          const headOf = (slice: number) => all.filter((entry) => entry.slice === slice).length

          // In any cut, the same events, and no gap.
          assert.deepStrictEqual((yield* readOn(log, start, bound)).filter(isOf(tenant)), own)

          for (const { events: found, position, slice } of yield* log.count(start, events)) {
            assert.deepStrictEqual([found, position], [Math.min(events, headOf(slice)), Math.min(events, headOf(slice))])
          }
          assert.deepStrictEqual(
            yield* log.count(slices.map((slice) => ({ slice, position: Position(headOf(slice)) })), events),
            slices.map((slice) => ({ slice, position: Position(headOf(slice)), events: 0 }))
          )

          // What is withheld comes by `fetch`, at least one event, and no more than has room.
          const whole = (looked: Effect.Success<ReturnType<typeof log.look>>) =>
            Effect.map(completed(looked, (withheld) => log.fetch(withheld, 2 ** 24)), ({ entries }) => entries)
          const looked = yield* log.look(start, { events: 1000, bytes })
          assert.deepStrictEqual((yield* whole(looked)).filter(isOf(tenant)), own)
          const withheld = looked.flatMap((entry) => entry.withheld === undefined ? [] : [entry])
          if (withheld.length > 0) {
            const fetched = yield* log.fetch(withheld, bytes)
            const sizes = withheld.map(({ position, slice }) => {
              const entry = known(all.find((entry) => byPlace(entry, { slice, position }) === 0), "withheld event")
              return entry.event === null ? 0 : Buffer.byteLength(JSON.stringify(entry.event.data))
            })
            assert.isAbove(fetched.length, 0)
            assert.isTrue(fetched.length === 1 || sizes.slice(0, fetched.length).reduce((sum, size) => sum + size, 0) <= bytes)
            assert.deepStrictEqual(
              fetched.map(({ position, slice }) => [slice, position]),
              withheld.slice(0, fetched.length).map(({ position, slice }) => [slice, position])
            )
          }

          const parts = slices.map((slice) => ({ slice, position: Position(1), upTo: Position(1 + events) }))
          const inParts = (position: number) => position > 1 && position <= 1 + events
          assert.deepStrictEqual(
            (yield* whole(yield* log.lookAtParts(parts, everyType, bytes))).filter(isOf(tenant)),
            own.filter(({ position }) => inParts(position))
          )
          assert.deepStrictEqual(yield* log.lookAtParts(parts, ["realtime-login"], bytes), [])

          for (const slice of slices) {
            const users = [...new Set(own.filter((entry) => entry.slice === slice).map(({ userId }) => userId))].sort(compareUtf8)
            const inOrder = users.flatMap((user) => own.filter(({ userId }) => userId === user))
            const found: Array<LogEntry> = []
            for (let after = { userId: UserId(""), position: Position(0) };;) {
              const part = { tenantId: tenant.tenantId, userIds: users.toReversed(), types: everyType, upTo: Position(maxPosition) }
              const page = yield* whole(yield* log.lookAtUsers(part, after, bound))
              assert.isAtMost(page.length, events)
              found.push(...page)
              const last = page.at(-1)
              if (last === undefined) break
              after = { userId: last.userId, position: last.position }
            }
            assert.deepStrictEqual(found, inOrder)

            for (const userId of users) {
              const mine = own.filter((entry) => entry.userId === userId)
              const part = {
                tenantId: tenant.tenantId,
                userId,
                slice,
                types: everyType,
                after: Position(0),
                upTo: Position(headOf(slice) - 1)
              }
              assert.deepStrictEqual(
                yield* whole(yield* log.lookAtUser(part, bound)),
                mine.filter(({ position }) => position <= Math.min(events, headOf(slice) - 1))
              )

              const newestFirst = mine.toReversed()
              assert.deepStrictEqual(
                yield* log.readUser({ tenantId: tenant.tenantId, userId, before: headOf(slice), limit: events }),
                newestFirst.filter(({ position }) => position < headOf(slice)).slice(0, events)
              )
              const page = yield* log.readUserPage({ tenantId: tenant.tenantId, userId, before: maxPosition, limit: events })
              assert.isTrue(page.events.length <= 1 || page.events.reduce((sum, { bytes }) => sum + bytes, 0) <= pageBytes)
              assert.deepStrictEqual(
                page.events.map(({ payload, position, recordedAt }) => [position, recordedAt, JSON.parse(known(payload, "payload"))]),
                newestFirst.slice(0, page.events.length).map(({ event, position, recordedAt }) => [position, recordedAt, event.data])
              )
              assert.strictEqual(page.isMore, page.events.length < mine.length)
            }
          }
        }),
      { arbitrary: { runs: 12 } }
    )

    it.effect("commits in order of position: a reader that follows the log never misses an event", () =>
      Effect.gen(function*() {
        const { newTenant, writers } = yield* LogUnderTest
        const [log] = writers
        const tenant = yield* newTenant
        const user = userInSlice(tenant, 77)
        const others = Array.from({ length: 4 }, (_, nth) => userInSlice(tenant, 77, nth))
        const total = 4 * 60
        const writing = Effect.forEach(
          others,
          (other, nth) =>
            Effect.forEach(
              Array.from({ length: 60 }, (_, index) => index),
              (index) =>
                known(writers[nth % 2], "writer").append([newEvent(tenant, bet({ user_id: UserId(other), unique_id: `${index}` }))])
            ),
          { concurrency: "unbounded", discard: true }
        )
        const start = (yield* log.append([newEvent(tenant, bet({ user_id: UserId(user), unique_id: "first" }))]))[0]
        let position = start?._tag === "Appended" ? start.position : Position(0)
        const last = position + total
        let isWritten = false
        const reader = Effect.gen(function*() {
          for (let wasWritten = false; !wasWritten && position < last;) {
            wasWritten = isWritten
            for (const event of yield* log.read([{ slice: Slice(77), position }], { events: 500, bytes: 1024 * 1024 })) {
              assert.strictEqual(event.position, position + 1)
              position = event.position
            }
            yield* Effect.yieldNow
          }
          assert.strictEqual(position, last)
        })
        const done = Effect.sync(() => {
          isWritten = true
        })
        yield* Effect.all([Effect.andThen(writing, done), reader], { concurrency: "unbounded" })
        yield* assertSound(log)
      }))
  })
