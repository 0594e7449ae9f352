import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { catalog } from "../../src/projections/catalog.ts"
import { evaluate } from "../../src/projections/evaluate.ts"
import { generateItems, seededRandom, shuffle } from "../reference/generateItems.ts"
import { referenceCounters } from "../reference/referenceCounters.ts"
import { eventsOf } from "./catalog/eventsOf.ts"

const now = new Date("2026-06-15T12:00:00Z")

/** Users with all kinds of lives, each with the events stored of them. */
const users = ["UTC", "America/New_York", "Asia/Kathmandu", "Africa/Cairo", "America/St_Johns", "Pacific/Apia"].flatMap(
  (timeZone, seed) => {
    const { items, userIds } = generateItems({ seed: seed + 100, users: 60, itemsPerUser: 45, timeZone, now })
    return userIds.map((userId) => {
      const own = items.filter((item) => item.data.user_id === userId)
      return { timeZone, userId, items: own, events: eventsOf(own) }
    })
  }
)

const sectionOf = (document: object, name: string): unknown => new Map<string, unknown>(Object.entries(document)).get(name)

/** The names of the numbers in a section, in their order; the currencies' own order is not looked at. */
const namesIn = (section: unknown): unknown =>
  section === null ?
    null :
    Object.entries(Object(section)).map(([name, value]) => typeof value === "object" && value !== null ? Object.keys(value) : name)

describe("catalog", () => {
  it("has every projection of the counters document once, in its order", () => {
    expect(catalog.map(({ name }) => name)).toEqual(["casino", "game_rounds", "payments", "sports", "logins", "profile"])
  })

  it.each(catalog)("$name gives what a direct reading of the rules gives, whatever the order of the events", (projection) => {
    const random = seededRandom(7)
    for (const { events, items, timeZone, userId } of users) {
      const expected = sectionOf(referenceCounters(items, { timeZone, now, userId }), projection.name)
      for (const order of [events, events.toReversed(), shuffle(random, events)]) {
        const section = evaluate(projection, order, { timeZone, now: now.getTime() })
        expect(section, userId).toEqual(expected)
        expect(namesIn(section)).toEqual(namesIn(expected))
      }
    }
  })

  it.each(catalog)("$name describes its section", (projection) => {
    const isSection = Schema.is(projection.section.schema)
    const sections = users.map(({ events, timeZone }) => evaluate(projection, events, { timeZone, now: now.getTime() }))
    expect(sections.every(isSection)).toBe(true)
    expect(isSection(projection.section.present([], { timeZone: "UTC", now: 0 }))).toBe(true)
    expect(isSection({ EUR: {} })).toBe(false)
    expect(() => Schema.toJsonSchemaDocument(projection.section.schema)).not.toThrow()
  })
})
