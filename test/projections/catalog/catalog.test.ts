import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { evaluate } from "../../../src/projections/fold/evaluate.ts"
import { newestVersions } from "../../../src/projections/projection/newestVersions.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import { referenceActivity } from "../../oracle/referenceActivity.ts"
import { referenceCounters } from "../../oracle/referenceCounters.ts"
import { referenceGames } from "../../oracle/referenceGames.ts"
import { referenceSections } from "../../oracle/referenceSections.ts"
import { eventsOf } from "./eventsOf.ts"

const now = new Date("2026-06-15T12:00:00Z")

/** Every section by a direct reading of the rules, under its projection's name. */
const everySection = (
  items: ReadonlyArray<FastTrackItem>,
  options: { readonly timeZone: string; readonly userId: string }
): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ...Object.entries(referenceCounters(items, { ...options, now })),
    ...Object.entries(referenceGames(items, options)),
    [
      "activity",
      referenceActivity(items, { ...options, from: "1899-01-01", to: "2201-12-31", granularity: "day", weekStart: 1 })
        .map(({ currency, from, product, to: _, ...figures }) => ({ date: from, product, currency, figures }))
    ]
  ])

/**
 * Users with all kinds of lives, each with the events stored of them and what is to come of these.
 */
const users = ["UTC", "America/New_York", "Asia/Kathmandu", "Africa/Cairo", "America/St_Johns", "Pacific/Apia"].flatMap(
  (timeZone, seed) => {
    const { items, userIds } = generateItems({ seed: seed + 100, users: 60, itemsPerUser: 45, timeZone, now })
    return userIds.map((userId) => {
      const own = items.filter((item) => item.data.user_id === userId)
      return { timeZone, userId, events: eventsOf(own), expected: everySection(own, { timeZone, userId }) }
    })
  }
)

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/**
 * The names of the numbers in a section, in their order; the order of currencies and games is not
 * looked at.
 */
const namesIn = (section: unknown): ReadonlySet<string> => {
  if (!isObject(section)) return new Set()
  const values: ReadonlyArray<unknown> = Object.values(section)
  return values.some(isObject) ? new Set(values.flatMap((value) => [...namesIn(value)])) : new Set([Object.keys(section).join()])
}

const newest = newestVersions(catalog)
/** The projections whose rules are read a second time; others have their own specs alone. */
const described = new Set(users[0]?.expected.keys())

describe("catalog", () => {
  it("has every projection of the counters document, in its order, and no version twice", () => {
    const shown = newest.filter(({ separateDocument }) => separateDocument !== true).map(({ name }) => name)
    expect(shown.filter((name) => described.has(name))).toEqual(referenceSections)
    expect(new Set(catalog.map(({ name, version }) => `${name} v${version}`)).size).toBe(catalog.length)
  })

  it.each(newest.filter(({ name }) => described.has(name)))(
    "$name gives what a direct reading of the rules gives, whatever the order of the events",
    (projection) => {
      const random = seededRandom(7)
      for (const { events, expected: sections, timeZone, userId } of users) {
        const expected = sections.get(projection.name)
        for (const order of [events, events.toReversed(), shuffle(random, events)]) {
          const section = evaluate(projection, order, { timeZone, now: now.getTime() })
          expect(section, userId).toEqual(expected)
          expect(namesIn(section)).toEqual(namesIn(expected))
        }
      }
    }
  )

  it.each(catalog)("$name describes its section", (projection) => {
    const isSection = Schema.is(projection.section.schema)
    const sections = users.map(({ events, timeZone }) => evaluate(projection, events, { timeZone, now: now.getTime() }))
    expect(sections.every(isSection)).toBe(true)
    expect(isSection(projection.section.present([], { timeZone: "UTC", now: 0 }))).toBe(true)
    expect(isSection({ EUR: { EUR: {} } })).toBe(false)
    expect(() => Schema.toJsonSchemaDocument(projection.section.schema)).not.toThrow()
  })
})
