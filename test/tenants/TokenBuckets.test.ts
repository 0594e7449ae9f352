import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { TokenBuckets } from "../../src/tenants/TokenBuckets.ts"

const whole = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Asks = Schema.Array(Schema.Struct({ after: whole(0, 5000), cost: whole(0, 60) }))

describe("TokenBuckets", () => {
  it.prop("let on what was saved up and no more, whoever asks when", [whole(1, 20), whole(1, 40), Asks], ([perSecond, burst, asks]) => {
    let now = 0
    const buckets = new TokenBuckets(perSecond, burst, () => now)
    let taken = 0
    let largest = 0
    for (const { after, cost } of asks) {
      now += after
      const wait = buckets.take("a", cost)
      if (wait === 0) {
        taken += cost
        largest = Math.max(largest, cost)
      }
      assert.isAtMost(taken, burst + now / 1000 * perSecond + Math.max(0, largest - burst) + 1e-6)
    }
  })

  it.prop("say how long to wait: that long is enough, less is not", [whole(1, 20), whole(1, 40), Asks], ([perSecond, burst, asks]) => {
    let now = 0
    const buckets = new TokenBuckets(perSecond, burst, () => now)
    for (const { cost } of asks) {
      const wait = buckets.take("a", cost)
      if (wait === 0) continue
      now += wait / 2
      if (wait > 2) assert.isAbove(buckets.take("a", cost), 0)
      now += wait / 2 + 1e-3
      assert.strictEqual(buckets.take("a", cost), 0)
    }
  })

  it("are one for each key", () => {
    const buckets = new TokenBuckets(1, 1, () => 0)
    assert.deepStrictEqual(["a", "b", "a", "b"].map((key) => buckets.take(key, 1)), [0, 0, 1000, 1000])
  })

  it("are never more than so many: the one that was not used for longest is forgotten", () => {
    const buckets = new TokenBuckets(1, 1, () => 0)
    buckets.take("first", 1)
    buckets.take("second", 1)
    for (let key = 0; key < 50_000; key++) {
      buckets.take(String(key), 1)
      if (key % 100 === 0) buckets.charge("first", 1)
    }
    assert.isAtMost(buckets.size, 10_000)
    assert.isAbove(buckets.take("49999", 1), 0)
    assert.isAbove(buckets.take("first", 1), 0)
    assert.strictEqual(buckets.take("second", 1), 0)
  })
})
