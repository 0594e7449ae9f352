import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { traffic, type TrafficItem } from "../../../src/cli/demo/traffic.ts"
import { decodeItem } from "../../../src/fasttrack/decodeItem.ts"
import { idempotencyKey } from "../../../src/fasttrack/idempotencyKey.ts"
import { parseJson } from "../../../src/fasttrack/parseJson.ts"
import { sameContent } from "../../../src/fasttrack/sameContent.ts"
import { contentOf } from "../../support/events/contentOf.ts"

const startAt = Date.UTC(2026, 5, 15, 12)

const take = (count: number, options: Partial<Parameters<typeof traffic>[0]> = {}): ReadonlyArray<TrafficItem> =>
  traffic({ seed: 1, players: 100, rate: 500, startAt, ...options }).take(count).toArray()

const decode = ({ item }: TrafficItem) => decodeItem(parseJson(JSON.stringify(item)))

const keyOf = (item: TrafficItem) => {
  const event = Result.getOrThrow(decode(item))
  return `${event.userId} ${idempotencyKey("3e1c3f0e-9d0a-4b53-8d3e-3f0c7a5f6f11", event)}`
}

const isSame = (a: TrafficItem, b: TrafficItem) => {
  const [first, second] = [Result.getOrThrow(decode(a)), Result.getOrThrow(decode(b))]
  return sameContent(contentOf(second), contentOf(first))
}

const samples = [
  take(12_000, { seed: 2 }),
  take(2_000, { seed: 3, players: 1, rate: 1 }),
  take(4_000, { seed: 4, players: 2_000, rate: 20_000 })
]

describe("the demo's traffic", () => {
  it("is valid but for what is meant to be invalid", () => {
    for (const item of samples.flat()) assert.strictEqual(Result.isSuccess(decode(item)), item.nature !== "invalid", JSON.stringify(item))
  })

  it("has every kind of event, every nature, several currencies and amounts that no double holds", () => {
    const events = samples.flat().flatMap((item) => Result.match(decode(item), { onSuccess: (event) => [event], onFailure: () => [] }))
    assert.strictEqual(new Set(events.map(({ event }) => event)).size, 6)
    assert.strictEqual(new Set(samples.flat().map(({ nature }) => nature)).size, 5)
    const bets = events.flatMap((event) => event.event === "realtime-casino" ? [event.data] : [])
    assert.isAbove(new Set(bets.map(({ currency }) => currency)).size, 4)
    assert.isTrue(bets.some(({ amount }) => String(Number(amount)) !== amount && amount.length > 17))
  })

  it("is the same for the same seed at the same time, and another for another", () => {
    assert.strictEqual(JSON.stringify(take(3_000)), JSON.stringify(take(3_000)))
    assert.notStrictEqual(JSON.stringify(take(100)), JSON.stringify(take(100, { seed: 9 })))
  })

  it("shares no id with another run of the same seed", () => {
    const ids = (items: ReadonlyArray<TrafficItem>) => new Set(items.filter(({ nature }) => nature === "new").map(keyOf))
    assert.strictEqual(ids(take(3_000)).intersection(ids(take(3_000, { startAt: startAt + 1 }))).size, 0)
  })

  it("falls due at the rate asked for, and nothing before it happened", () => {
    take(3_000, { rate: 250 }).forEach((item, index) => {
      assert.closeTo(item.dueAt, startAt + index * 4, 0.001)
      const event = decode(item)
      if (Result.isSuccess(event)) assert.isBelow(event.success.occurredAt, item.dueAt)
    })
  })

  it("repeats only what was sent before, word for word, and uses an id again only in conflicts", () => {
    for (const sample of samples) {
      const sent = new Map<string, TrafficItem>()
      for (const item of sample.filter(({ nature }) => nature !== "invalid")) {
        const key = keyOf(item)
        const before = sent.get(key)
        if (item.nature === "repeat") {
          assert.isTrue(before !== undefined && JSON.stringify(before.item) === JSON.stringify(item.item))
        } else if (item.nature === "conflict") {
          assert.isTrue(before !== undefined && !isSame(before, item))
        } else {
          assert.isUndefined(before)
          sent.set(key, item)
        }
      }
    }
  })
})
