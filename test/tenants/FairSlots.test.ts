import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { FairSlots } from "../../src/tenants/FairSlots.ts"
import { TenantId } from "../../src/values/TenantId.ts"
import { seededRandom } from "../oracle/random.ts"

/** Claims a slot, and notes when it has come. */
const ask = (slots: FairSlots, tenant: string, granted: Array<string>, name = tenant) => {
  const claim = slots.claim(TenantId(tenant))
  const state = { ...claim, isFull: false }
  Effect.runFork(Effect.match(claim.take, {
    onSuccess: () => granted.push(name),
    onFailure: () => {
      state.isFull = true
    }
  }))
  return state
}

describe("FairSlots", () => {
  it("gives a tenant three quarters, and what becomes free to the tenants in turn", () => {
    const slots = new FairSlots(8, 100)
    const granted: Array<string> = []
    const claims = Array.from({ length: 20 }, () => ask(slots, "a", granted))
    assert.strictEqual(granted.length, 6)
    const other = ask(slots, "b", granted)
    ask(slots, "c", granted)
    const last = ask(slots, "d", granted)
    assert.deepStrictEqual(granted.slice(6), ["b", "c"])
    assert.strictEqual(slots.waiting, 15)
    // 14 of `a` came before it.
    claims[0]?.leave()
    claims[1]?.leave()
    assert.deepStrictEqual(granted.slice(8), ["a", "d"])
    last.leave()
    assert.deepStrictEqual(granted.slice(10), ["a"])
    // `a` has its share again, and what others leave is not for it.
    other.leave()
    assert.strictEqual(granted.length, 11)
  })

  it("refuses what does not fit into a tenant's queue, and forgets who has left it", () => {
    const slots = new FairSlots(1, 2)
    const granted: Array<string> = []
    const [first, second, , fourth] = ["1", "2", "3", "4"].map((name) => ask(slots, "a", granted, name))
    assert.isTrue(fourth?.isFull)
    second?.leave()
    first?.leave()
    // A second time is as good as none.
    first?.leave()
    assert.deepStrictEqual(granted, ["1", "3"])
    assert.deepStrictEqual([slots.taken, slots.waiting], [1, 0])
  })

  it("neither loses nor doubles a slot, whoever comes and goes", () => {
    const random = seededRandom(8)
    const slots = new FairSlots(5, 4)
    const claims: Array<ReturnType<typeof ask>> = []
    const granted: Array<string> = []
    for (let step = 0; step < 5000; step++) {
      if (random.chance(0.5)) claims.push(ask(slots, `tenant ${random.below(4)}`, granted))
      else claims.splice(random.below(claims.length + 1), 1)[0]?.leave()
      assert.isAtMost(slots.taken, 5)
      const free = 5 - slots.taken
      // Nobody waits for a slot that is free, unless the tenant has its share: 3 of 5.
      if (free > 2) assert.strictEqual(slots.waiting, 0)
    }
    for (const claim of claims) claim.leave()
    assert.deepStrictEqual([slots.taken, slots.waiting], [0, 0])
    assert.isAbove(granted.length, 200)
  })
})
