import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { winStreak } from "../../../src/projections/catalog/winStreak.ts"
import { evaluateRows } from "../../../src/projections/fold/evaluate.ts"
import { entityId, foldUser } from "../../../src/projections/fold/foldUser.ts"
import { tally, text } from "../../../src/projections/projection/Column.ts"
import type { EntityRow } from "../../../src/projections/projection/EntityTable.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"
import { cutIntoBatches, seededRandom, shuffle } from "../../oracle/random.ts"
import { gameRound, login } from "../../support/events/events.ts"
import { lawfulSection } from "../../support/projections/foldLaws.ts"

const context = { timeZone: "UTC", now: 0 }

/**
 * A user's rows as tables keep them, as text and found by their keys alone, and how often they were
 * asked.
 */
class Rows {
  readonly texts = new Map<string, string>()
  loads = 0
  writes = 0
  private readonly projection: Projection.AnyProjection

  constructor(projection: Projection.AnyProjection) {
    this.projection = projection
  }

  feed(events: ReadonlyArray<FastTrackEvent>): this {
    const known = new Map<string, EntityRow | null>()
    for (;;) {
      const result = foldUser(this.projection, events, { loaded: (key) => known.get(entityId(key)), context })
      if (result._tag === "Failed") throw result.error
      if (result._tag === "Folded") {
        for (const { row, table } of result.entities) {
          this.writes++
          const key = this.projection.entities[table]?.key.map((name) => String(row[name])) ?? []
          this.texts.set(entityId([table, ...key]), JSON.stringify(row))
        }
        return this
      }
      const unknown = result.keys.map(entityId).filter((id) => !known.has(id))
      if (unknown.length === 0) throw new Error("asks for the same rows again")
      for (const id of unknown) {
        this.loads++
        known.set(id, JSON.parse(this.texts.get(id) ?? "null"))
      }
    }
  }

  section(): unknown {
    const root = this.texts.get(entityId([this.projection.name]))
    return this.projection.section.present(root === undefined ? [] : [JSON.parse(root)], context)
  }

  get largest(): number {
    return Math.max(...[...this.texts.values()].map((text) => Buffer.byteLength(text)))
  }
}

const chunksOf = <A>(values: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, at) => values.slice(at * size, (at + 1) * size))

/** Tells the events in their order: nothing about it is lost. */
const story = Projection.make({
  name: "story",
  version: 1,
  events: ["realtime-login"],
  ordered: {
    columns: { told: text },
    order: ({ data, occurredAt }) => [occurredAt, data.unique_id],
    one: ({ data }) => ({ told: `${data.unique_id.slice(-3)} ` }),
    combine: (earlier, later) => ({ told: `${earlier.told}${later.told}` })
  },
  section: { schema: Schema.Unknown, present: ([row]) => row?.told ?? "" }
})

const told = (events: ReadonlyArray<FastTrackEvent>): string =>
  events
    .flatMap((event) => event.event === "realtime-login" ? [{ at: event.occurredAt, id: event.data.unique_id }] : [])
    .toSorted((a, b) => a.at - b.at || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)))
    .map(({ id }) => `${id.slice(-3)} `).join("")

/** With long ids a node holds few of them. Events share some times, and their ids begin alike. */
const logins = (seed: number, count: number, length: number, times = count >> 1): ReadonlyArray<FastTrackEvent> => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, serial) => {
    const start = random.pick(["", "a", "aa", "\uff5e", "😀"])
    const id = `${start}${"x".repeat(Math.max(0, length - 8))}${String(serial).padStart(3, "0")}`
    return login({ at: new Date(Date.UTC(2026, 0, 1) + random.below(times)).toISOString(), unique_id: id })
  })
}

describe("foldInOrder", () => {
  it.each([
    { seed: 1, count: 400, length: 250, times: 200 },
    { seed: 2, count: 400, length: 60, times: 200 },
    { seed: 3, count: 400, length: 250, times: 12 },
    { seed: 4, count: 400, length: 250, times: 1 },
    { seed: 5, count: 60, length: 8, times: 30 },
    { seed: 6, count: 9, length: 250, times: 9 }
  ])("keeps $count events of $times times in order", ({ count, length, seed, times }) => {
    const random = seededRandom(seed)
    const events = logins(seed, count, length, times)
    const inOrder = events.toSorted((a, b) => a.occurredAt - b.occurredAt)
    for (const order of [events, inOrder, inOrder.toReversed(), shuffle(random, events)]) {
      for (const chunks of [[order], chunksOf(order, 1), chunksOf(order, 30), cutIntoBatches(random, order, 100)]) {
        const rows = new Rows(story)
        const fed: Array<FastTrackEvent> = []
        for (const chunk of chunks) {
          fed.push(...chunk)
          rows.feed(chunk)
          if (fed.length % 7 === 0 || fed.length === count) expect(rows.section()).toBe(told(fed))
        }
      }
    }
  })

  it("shows readers the summary and nothing else", () => {
    const events = [1, 2].map((at) => gameRound({ at: `2026-01-01T12:00:0${at}Z`, total_win_user: "1" }))
    expect(evaluateRows(winStreak, events, context)).toEqual([{ rounds: 2, opening: 2, current: 2, longest: 2 }])
  })

  it("leaves the rows it is given alone", () => {
    const rows = new Map<string, EntityRow>()
    for (const chunk of chunksOf(logins(5, 100, 250), 9)) {
      const before = JSON.stringify([...rows])
      const result = foldUser(story, chunk, { loaded: (key) => rows.get(entityId(key)) ?? null, context })
      expect(JSON.stringify([...rows])).toBe(before)
      if (result._tag !== "Folded") throw new Error(result._tag)
      for (const { row, table } of result.entities) rows.set(entityId(table === "nodes" ? [table, String(row["node"])] : [table]), row)
    }
    expect(rows.size).toBeGreaterThan(20)
  })

  it("fails if a node is gone", () => {
    const events = logins(6, 50, 250)
    const rows = new Rows(story).feed(events.slice(1))
    for (const key of rows.texts.keys()) if (key !== entityId(["story"])) rows.texts.delete(key)
    expect(() => rows.feed(events)).toThrow("is gone")
  })

  it.each([1, 0])("has rows of a bounded size, whatever the ids: %i ms apart", (apart) => {
    const random = seededRandom(8)
    for (const letter of ["x", "é", "漢", "😀"]) {
      const rounds = Array.from(
        { length: 400 },
        (_, at) => gameRound({ at: new Date(at * apart).toISOString(), unique_id: `${letter.repeat(250)}${at}` })
      )
      const rows = new Rows(winStreak)
      for (const chunk of cutIntoBatches(random, shuffle(random, rounds), 30)) rows.feed(chunk)
      expect(rows.texts.size).toBeGreaterThan(10)
      expect(rows.largest).toBeLessThan(10_000)
    }
  })

  it("refuses columns that it needs itself, and totals beside them", () => {
    const { section } = story
    const ordered = { order: () => [0, ""] as const, one: () => ({ items: 1 }), combine: () => ({ items: 1 }) }
    const parts = { name: "mixed", version: 1, events: ["realtime-login"], section } as const
    expect(() => Projection.make({ ...parts, ordered: { ...ordered, columns: { items: tally } } })).toThrow("items")
    expect(() => Projection.make({ ...parts, ordered: { ...ordered, columns: {} }, entities: { things: { key: [], columns: {} } } }))
      .toThrow("of its own")
  })
})

describe("the laws of folds", () => {
  it("find a summary that is not associative, and one that is changed", () => {
    const events = [1, 2, 3].map((at) => login({ at: `2026-01-01T12:00:0${at}Z` }))
    const counting = (combine: (a: { readonly n: number }, b: { readonly n: number }) => { readonly n: number }) =>
      Projection.make({
        name: "counting",
        version: 1,
        events: ["realtime-login"],
        ordered: { columns: { n: tally }, order: ({ data, occurredAt }) => [occurredAt, data.unique_id], one: () => ({ n: 1 }), combine },
        section: { schema: Schema.Unknown, present: ([row]) => row?.n ?? 0 }
      })
    expect(lawfulSection(counting((a, b) => ({ n: a.n + b.n })), events, context)).toBe(3)
    expect(() => lawfulSection(counting((a) => ({ n: a.n + 1 })), events, context)).toThrow("not associative")
    expect(() => lawfulSection(counting((a, b) => Object.assign(a, { n: a.n + b.n })), events, context)).toThrow("only to read")
  })
})

/**
 * What a user of many rounds costs. Time depends on the machine; how many rows are loaded and
 * written, and how large they are, does not.
 */
describe("a hot user's rounds", () => {
  const random = seededRandom(9)
  const digits = () => String(random.below(1_000_000_000)).padStart(9, "0")
  const template = gameRound()
  const rounds = Array.from({ length: 20_000 }, (_, at) => ({
    ...template,
    occurredAt: Date.UTC(2026, 0, 1) + at * 3000,
    data: {
      ...template.data,
      unique_id: `${digits()}-${digits()}-${digits()}-${digits()}`.slice(0, 36),
      total_win_user: random.chance(0.45) ? "2" : "0"
    }
  }))
  const expected = () => {
    let [current, longest] = [0, 0]
    for (const { data } of rounds) {
      current = data.total_win_user === "0" ? 0 : current + 1
      longest = Math.max(longest, current)
    }
    return { current, longest }
  }
  const shuffled = shuffle(random, rounds)
  const fed = (order: typeof rounds | typeof shuffled, size: number) => {
    const rows = new Rows(winStreak)
    for (const chunk of chunksOf(order, size)) rows.feed(chunk)
    expect(rows.section()).toEqual(expected())
    return rows
  }

  it("cost few rows in whatever order they come, one chunk at a time", () => {
    const [late, punctual] = [fed(shuffled, 200), fed(rounds, 200)]
    // A row on each level for an event far from all others; those in order share theirs.
    expect((late.loads + late.writes) / rounds.length).toBeLessThan(3)
    expect((punctual.loads + punctual.writes) / rounds.length).toBeLessThan(0.2)
    // As many at a time as the runner takes: late ones share most of their rows too.
    const together = fed(shuffled, 10_000)
    expect((together.loads + together.writes) / rounds.length).toBeLessThan(0.25)
    for (const rows of [late, punctual, together]) {
      expect(rows.largest).toBeLessThan(2000)
      expect(rows.texts.size).toBeLessThan(rounds.length / 10)
    }
  })

  it.each([
    { history: "in any order", order: shuffled, size: 2000 },
    { history: "in time, a few at once", order: rounds, size: 10 }
  ])("cost a row in time and a row on each level late, if each comes alone after others $history", ({ order, size }) => {
    const rows = fed(order, size)
    const rowsFor = (times: ReadonlyArray<number>) => {
      const before = rows.loads + rows.writes
      for (const at of times) {
        const occurredAt = Date.UTC(2026, 0, 1) + at
        rows.feed([{ ...template, occurredAt, data: { ...template.data, unique_id: `${digits()}-${digits()}-${at}` } }])
      }
      return (rows.loads + rows.writes - before) / times.length
    }
    const late = rowsFor(rounds.slice(0, 300).map(() => random.below(60_000_000)))
    const punctual = rowsFor(rounds.slice(0, 300).map((_, at) => 60_000_000 + at * 1000))
    expect(late).toBeLessThan(12)
    expect(punctual).toBeLessThan(2.5)
  })

  it("are one row while they are few, and later still a row to load and to write if they come in time", () => {
    const few = new Rows(winStreak)
    for (const chunk of chunksOf(shuffled.slice(0, 20), 2)) few.feed(chunk)
    expect([few.texts.size, few.loads, few.writes]).toEqual([1, 10, 10])
    const more = new Rows(winStreak)
    for (const chunk of chunksOf(rounds.slice(0, 500), 2)) more.feed(chunk)
    expect(more.loads).toBe(250)
    expect(more.writes).toBeLessThan(330)
  })
})
