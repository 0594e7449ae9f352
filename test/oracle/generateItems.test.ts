import { describe, expect, it } from "vitest"
import { changeContent } from "./changeContent.ts"
import { cutIntoBatches, generateItems, seededRandom, shuffle, toBody } from "./generateItems.ts"
import { identityOf, referenceCounters, referenceWinStreak } from "./referenceCounters.ts"
import { respellItem } from "./spellings.ts"

const now = new Date("2026-06-15T12:00:00Z")

describe("generateItems", () => {
  const zones = ["UTC", "America/New_York", "Asia/Kathmandu", "Africa/Cairo"]
  const generated = zones.map((timeZone, seed) => {
    const { items, userIds } = generateItems({ seed, users: 12, timeZone, now })
    return { timeZone, items, userIds }
  })

  it("gives the same items for the same seed and others for another", () => {
    const text = (seed: number) => toBody(generateItems({ seed, users: 3, now, conflicts: true }).items)
    expect(text(5)).toBe(text(5))
    expect(text(5)).not.toBe(text(6))
  })

  it("reaches every product and the rare cases", () => {
    const documents = generated.flatMap(({ items, timeZone, userIds }) =>
      userIds.map((userId) => referenceCounters(items, { timeZone, now, userId }))
    )
    const sumOf = (product: "casino" | "game_rounds" | "payments" | "sports", name: string) =>
      documents.flatMap((document) => Object.values(document[product])).reduce((total, figures) => total + Number(figures[name]), 0)
    for (const name of ["bet_count", "win_count", "loss_count", "rolled_back_bet_count", "rolled_back_win_count"]) {
      expect(sumOf("casino", name)).toBeGreaterThan(20)
    }
    for (const name of ["won_round_count", "lost_round_count"]) expect(sumOf("game_rounds", name)).toBeGreaterThan(20)
    for (const name of ["deposit_count", "withdrawal_count", "pending_deposit_count"]) expect(sumOf("payments", name)).toBeGreaterThan(5)
    for (const name of ["free_bet_count", "won_bet_count", "lost_bet_count", "open_bet_count", "cashout_count"]) {
      expect(sumOf("sports", name)).toBeGreaterThan(5)
    }
    expect(documents.filter((document) => Number(document.logins["current_streak"]) > 0).length).toBeGreaterThan(5)
    expect(documents.filter((document) => document.profile?.["segmentation_isPromoBanned"] === true).length).toBeGreaterThan(2)
  })

  it("writes bodies that are JSON with every digit", () => {
    const items = [{ amount: { raw: "12345678.000000000000000001" }, at: 1.5, left_out: undefined, list: [null, "\"\u0001"] }]
    expect(toBody(items)).toBe("{\"items\":[{\"amount\":12345678.000000000000000001,\"at\":1.5,\"list\":[null,\"\\\"\\u0001\"]}]}")
    expect(JSON.parse(toBody(items, "array"))).toHaveLength(1)
    for (const { items } of generated) expect(JSON.parse(toBody(items)).items).toHaveLength(items.length)
  })

  it("gives the same counters in any order and however often items are repeated", () => {
    const random = seededRandom(1)
    for (const { items, timeZone, userIds } of generated) {
      const repeated = items.flatMap((item) => random.chance(0.5) ? [item] : [item, respellItem(random, item)])
      const batches = cutIntoBatches(random, shuffle(random, repeated), 50)
      expect(batches.every((batch) => batch.length >= 1 && batch.length <= 50)).toBe(true)
      const arrived = shuffle(random, batches).flat()
      expect(arrived).toHaveLength(repeated.length)
      for (const userId of userIds) {
        const options = { timeZone, now, userId }
        expect(referenceCounters(arrived, options)).toEqual(referenceCounters(items, options))
        expect(referenceWinStreak(arrived, options)).toEqual(referenceWinStreak(items, options))
      }
    }
  })

  it("changes the content of whatever it makes a conflict of", () => {
    const random = seededRandom(2)
    for (const item of generated.flatMap(({ items }) => items)) expect(changeContent(random, item)).not.toEqual(item)
  })

  it("puts conflicts after what they conflict with, and they count for nothing", () => {
    const { conflictIndexes, items, userIds } = generateItems({ seed: 9, users: 8, now, conflicts: true })
    expect(conflictIndexes.length).toBeGreaterThan(5)
    const before = items.filter((_, index) => !conflictIndexes.includes(index))
    const identities = new Set(before.map(identityOf))
    expect(conflictIndexes.every((index) => items[index] !== undefined && identities.has(identityOf(items[index])))).toBe(true)
    for (const userId of userIds) {
      const options = { timeZone: "UTC", now, userId }
      expect(referenceCounters(items, options)).toEqual(referenceCounters(before, options))
    }
    // Counted first, they would show: most of them change a figure.
    const conflicting = conflictIndexes.flatMap((index) => items[index] ?? [])
    const changed = userIds.filter((userId) => {
      const options = { timeZone: "UTC", now, userId }
      return JSON.stringify(referenceCounters([...conflicting, ...before], options)) !== JSON.stringify(referenceCounters(before, options))
    })
    expect(changed.length).toBeGreaterThan(4)
  })
})
