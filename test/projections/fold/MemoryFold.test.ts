import { describe, expect, it } from "vitest"
import { catalog } from "../../../src/projections/catalog/catalog.ts"
import { MemoryFold } from "../../../src/projections/fold/MemoryFold.ts"
import { newestVersions } from "../../../src/projections/projection/newestVersions.ts"
import type { FastTrackItem } from "../../oracle/FastTrackItem.ts"
import { generateItems, seededRandom, shuffle } from "../../oracle/generateItems.ts"
import { identityOf, referenceCounters } from "../../oracle/referenceCounters.ts"
import { referenceSections } from "../../oracle/referenceSections.ts"
import { bet, payment } from "../../support/events/events.ts"
import { eventsOf } from "../catalog/eventsOf.ts"

const now = new Date("2026-06-15T12:00:00Z")
const timeZone = "Pacific/Apia"
const context = { timeZone, now: now.getTime() }
const shown = newestVersions(catalog).filter(({ name }) => referenceSections.includes(name))

const { items, userIds } = generateItems({ seed: 11, users: 40, itemsPerUser: 40, timeZone, now })
const random = seededRandom(12)
const users = userIds.map((userId) => {
  const own = new Map<string, FastTrackItem>()
  for (const item of items) if (item.data.user_id === userId && !own.has(identityOf(item))) own.set(identityOf(item), item)
  const arrived = shuffle(random, [...own.values()])
  return { userId, arrived, events: eventsOf(arrived) }
})

describe("MemoryFold", () => {
  it.each(shown)("$name: after each piece of a history it is what a direct reading makes of the history so far", (projection) => {
    for (const { arrived, events, userId } of users) {
      const fold = new MemoryFold(projection, { timeZone })
      for (let start = 0; start < events.length;) {
        const end = start + 1 + random.below(12)
        fold.add(events.slice(start, end))
        // Not asked after every piece: what was withdrawn in between must not be forgotten.
        if (random.chance(0.6) || end >= events.length) {
          const { [projection.name]: expected }: Record<string, unknown> = {
            ...referenceCounters(arrived.slice(0, end), { timeZone, now, userId })
          }
          expect(fold.section(context), `${userId} after ${end}`).toEqual(expected)
        }
        start = end
      }
    }
  })

  it("takes back extremes in time that does not grow with what stands", () => {
    const projection = shown.find(({ name }) => name === "payments")
    if (projection === undefined) throw new Error("there are payments")
    const cpuOf = (count: number) => {
      const events = Array.from(
        { length: count },
        (_, n) => ({ payment_id: `p${n}`, amount: String(n + 1), at: `2026-01-01T00:00:00.${n % 1000}Z` })
      )
        .flatMap((fields) => [payment(fields), payment({ ...fields, status: "Rollback" })])
      const fold = new MemoryFold(projection, context)
      // One that stays, so that there always is another extreme to come back to.
      fold.add([payment({ payment_id: "kept", amount: "0.5" })])
      const before = process.cpuUsage()
      for (const event of events) fold.add([event])
      expect(fold.section(context)).toMatchObject({ EUR: { deposit_count: 1, deposit_amount: "0.5", biggest_deposit: "0.5" } })
      expect(fold.bytes).toBeGreaterThan(600 * count)
      return process.cpuUsage(before).user
    }
    cpuOf(500)
    // The collector of garbage may clean up after other tests meanwhile.
    const leastOf = (count: number) => Math.min(cpuOf(count), cpuOf(count), cpuOf(count))
    // Eight times as many; counted again for each, it would take 64 times as long.
    expect(leastOf(4000) / leastOf(500)).toBeLessThan(32)
  })

  it("adds none of the events if the fold fails on one of them", () => {
    const [projection] = shown
    if (projection?.contribute === undefined) throw new Error("casino contributes")
    const { contribute } = projection
    const fold = new MemoryFold({
      ...projection,
      contribute: (event, context) => {
        if (event.event === "realtime-casino" && event.data.unique_id === "poison") throw new Error("poison")
        return contribute(event, context)
      }
    }, context)
    fold.add([bet({ user_id: "u", unique_id: "1" })])
    expect(() =>
      fold.add([bet({ user_id: "u", unique_id: "2" }), bet({ user_id: "u", unique_id: "poison" }), bet({ user_id: "u", unique_id: "3" })])
    ).toThrow("poison")
    fold.add([bet({ user_id: "u", unique_id: "4" })])
    expect(fold.section(context)).toMatchObject({ EUR: { bet_count: 2, bet_amount: "20" } })
  })
})
