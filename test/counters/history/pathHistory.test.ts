import { assert, describe, it } from "@effect/vitest"
import { type CounterPath, formatCounterPath, valueAt, type ValueKind, valueKind } from "../../../src/counters/history/counterPath.ts"
import { type ContributingEvent, PathHistory } from "../../../src/counters/history/PathHistory.ts"
import type { RecordedEvent } from "../../../src/event-log/RecordedEvent.ts"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { evaluate } from "../../../src/projections/fold/evaluate.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { Position } from "../../../src/values/Position.ts"
import { Slice } from "../../../src/values/Slice.ts"
import { TenantId } from "../../../src/values/TenantId.ts"
import { UserId } from "../../../src/values/UserId.ts"
import { amountOf, decimalString, sum } from "../../oracle/decimal.ts"
import { generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import { eventsOf } from "../../projections/catalog/eventsOf.ts"

const now = new Date("2026-06-15T12:00:00Z")
const context = { timeZone: "America/New_York", now: now.getTime() }
const shown = catalog.filter(({ separateDocument }) => separateDocument !== true)

/** Users with their events in some order of arrival, at every third position of a log. */
const users = [1, 2].flatMap((seed) => {
  const random = seededRandom(seed)
  const { items, userIds } = generateItems({ seed, users: 9, itemsPerUser: 30, timeZone: context.timeZone, now })
  return userIds.map((userId): ReadonlyArray<RecordedEvent> =>
    shuffle(random, eventsOf(items.filter(({ data }) => data.user_id === userId))).map((event, index) => ({
      slice: Slice(1),
      position: Position(3 * index + 2),
      tenantId: TenantId("tenant"),
      userId: UserId(userId),
      recordedAt: 0,
      event
    }))
  )
})

/** The names that lead to each single value of a section. */
const leavesOf = (value: unknown, names: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...names, name]))
    : [names]

const own = (projection: AnyProjection, events: ReadonlyArray<RecordedEvent>) => {
  const types = new Set<string>(projection.events)
  return events.filter(({ event }) => types.has(event.event))
}

const sized = (logged: RecordedEvent) => ({ logged, bytes: 0 })

const historyOf = (
  projection: AnyProjection,
  names: ReadonlyArray<string>,
  events: ReadonlyArray<RecordedEvent>,
  page = { after: Position(0), limit: Infinity },
  piece = 7
) => {
  const kind = valueKind(projection.section.schema.ast, names)
  assert(kind !== undefined, names.join("."))
  const history = new PathHistory(projection, context, { ...page, names, kind })
  for (let start = 0; start < events.length; start += piece) history.add(events.slice(start, start + piece).map(sized))
  return { history, kind }
}

/** Every value of every user's document. */
const values = users.flatMap((events) =>
  shown.flatMap((projection) => {
    const relevant = own(projection, events)
    const section = evaluate(projection, relevant.map(({ event }) => event), context)
    return leavesOf(section).filter((names) => names.length > 0).map((names) => {
      const path: CounterPath = [projection.name, ...names]
      return { events: relevant, names, path: formatCounterPath(path), projection, value: valueAt(section, names) }
    })
  })
)

/** What a number is worth that is not there. */
const nothing = (kind: ValueKind | undefined): unknown => kind === "count" ? 0 : kind === "amount" ? "0" : null

const total = (kind: ValueKind, contributions: ReadonlyArray<ContributingEvent>): unknown => {
  const all = contributions.map(({ contribution }) => contribution)
  if (kind === "count") return all.reduce<number>((sum, contribution) => sum + Number(contribution), 0)
  return decimalString(sum(all.map((contribution) => amountOf({ raw: String(contribution) }))))
}

describe("PathHistory", () => {
  it("is tried with all kinds of values", () => {
    assert.isAbove(values.length, 1_000)
    assert.sameMembers([...new Set(values.map(({ names, projection }) => valueKind(projection.section.schema.ast, names)))], [
      "count",
      "amount",
      "other"
    ])
  })

  it("has contributions that add up to every number, and end with every value", () => {
    let negative = 0
    for (const { events, names, path, projection, value } of values) {
      const { history, kind } = historyOf(projection, names, events)
      const { contributions } = history
      assert.deepStrictEqual(history.value(), value, path)
      assert.isFalse(history.isMore)
      if (kind !== "other") assert.strictEqual(total(kind, contributions), value, path)
      assert.deepStrictEqual(contributions.at(-1)?.value ?? nothing(kind), value, path)
      contributions.forEach(({ contribution, value }, index) => {
        if (kind === "other") assert.deepStrictEqual(contribution, value, path)
        else assert.strictEqual(total(kind, contributions.slice(0, index + 1)), value, path)
        assert.notDeepEqual(value, contributions[index - 1]?.value ?? nothing(kind), path)
        if (String(contribution).startsWith("-")) negative++
      })
    }
    // Reversals, late events and wins (of the operator's ggr) take something away again.
    assert.isAbove(negative, 100)
  })

  it("names exactly the events that changed the document's value, and gives it as it was after each", () => {
    const random = seededRandom(3)
    for (const { events, names, path, projection } of values.filter(() => random.chance(0.15))) {
      const { history: { contributions }, kind } = historyOf(projection, names, events)
      const after = [0, ...events.keys().map((index) => index + 1)].map((count) =>
        valueAt(evaluate(projection, events.slice(0, count).map(({ event }) => event), context), names) ?? nothing(kind)
      )
      const expected = events.flatMap(({ position }, index) => after[index] === after[index + 1] ? [] : [[position, after[index + 1]]])
      assert.deepStrictEqual(contributions.map(({ logged, value }) => [logged.position, value]), expected, path)
    }
  })

  it("gives the same page by page, whatever their size and however the events come", () => {
    const random = seededRandom(4)
    for (const { events, names, path, projection, value } of values.filter(() => random.chance(0.3))) {
      const whole = historyOf(projection, names, events).history.contributions
      const limit = 1 + random.below(6)
      const pages: Array<ReadonlyArray<ContributingEvent>> = []
      let after = 0
      for (let isMore = true; isMore;) {
        const { history } = historyOf(projection, names, events, { after: Position(after), limit }, 1 + random.below(20))
        assert.deepStrictEqual(history.value(), value, path)
        pages.push(history.contributions)
        const last = history.contributions.at(-1)?.logged.position ?? after
        isMore = history.isMore
        if (isMore) assert.isAbove(last, after, path)
        after = last
      }
      assert.deepStrictEqual(pages.flat(), whole, path)
      assert.strictEqual(pages.length, Math.max(1, Math.ceil(whole.length / limit)), path)
    }
  })

  it("gives the same to a reader who turns the pages, from no more events than these show", () => {
    const random = seededRandom(5)
    for (const { events, names, path, projection, value } of values.filter(() => random.chance(0.3))) {
      const whole = historyOf(projection, names, events).history.contributions
      const limit = 1 + random.below(6)
      const { history } = historyOf(projection, names, events, { after: Position(0), limit }, 1 + random.below(20))
      const pages = [history.contributions]
      while (history.isMore) {
        const shownFrom = history.reached
        history.turn(limit)
        for (const event of events.filter(({ position }) => position > shownFrom)) {
          if (history.isDone) break
          history.add([sized(event)])
        }
        assert.deepStrictEqual(history.value(), value, path)
        pages.push(history.contributions)
        // It knows of the next contribution, and of nothing after it.
        const next = whole[pages.flat().length]
        assert.deepStrictEqual([history.isMore, history.reached], [next !== undefined, next?.logged.position ?? 0], path)
      }
      assert.deepStrictEqual(pages.flat(), whole, path)
      assert.strictEqual(pages.length, Math.max(1, Math.ceil(whole.length / limit)), path)
    }
  })
})
