import { assert, describe, it } from "@effect/vitest"
import { ratioOf } from "./Measurement.ts"
import { quantile, spreadOf } from "./statistics.ts"

describe("statistics", () => {
  it("take quantiles between the two nearest values, in any order", () => {
    assert.strictEqual(quantile([5, 1, 3, 2, 4], 0.5), 3)
    assert.strictEqual(quantile([10, 0], 0.25), 2.5)
    assert.strictEqual(quantile([7], 0.99), 7)
    assert.strictEqual(quantile([1, 2, 3], 1), 3)
    assert.isNaN(quantile([], 0.5))
  })

  it("take ratios round by round, not of the medians", () => {
    const measurement = { what: "", unit: "", values: [10, 40, 90], against: { what: "", values: [100, 200, 300] } }
    assert.deepStrictEqual(ratioOf(measurement), spreadOf([0.1, 0.2, 0.3]))
    assert.deepStrictEqual(ratioOf({ ...measurement, against: { what: "", values: [100, 0] } }), spreadOf([0.1]))
    assert.isUndefined(ratioOf({ what: "", unit: "", values: [1] }))
  })
})
