import { assert, describe, it } from "@effect/vitest"
import { seededRandom } from "../../test/oracle/random.ts"
import { btreeOf, entryBytes, leavesOf, randomFill, touchedOf, touchedShare } from "./BtreeModel.ts"

describe("BtreeModel", () => {
  it("gives levels as a full root and a fanout have them", () => {
    assert.deepInclude(btreeOf(1, 60), { levels: 1, innerPages: 0 })
    assert.deepInclude(btreeOf(2, 60), { levels: 2, innerPages: 1 })
    assert.strictEqual(btreeOf(135, 60).levels, 2)
    assert.strictEqual(btreeOf(136, 60).levels, 3)
    assert.strictEqual(btreeOf(8_536, 45).levels, 3)
  })

  it("aligns entries to eight bytes, with header and line pointer", () => {
    assert.strictEqual(entryBytes(16), 28)
    assert.strictEqual(entryBytes(45), 60)
    assert.strictEqual(entryBytes(49), 68)
  })

  it("has the fill of a tree that grows at random places", () => {
    // Leaves that know only how many entries they have and what part of the keys is theirs.
    const random = seededRandom(3)
    const most = 100
    let leaves = [{ from: 0, keys: [] as Array<number> }]
    const keys = 60_000
    for (let n = 0; n < keys; n++) {
      const key = random.next()
      let low = 0
      for (let high = leaves.length; high - low > 1;) {
        const middle = (low + high) >> 1
        if ((leaves[middle]?.from ?? 0) <= key) low = middle
        else high = middle
      }
      const leaf = leaves[low]
      if (leaf === undefined) throw new Error("no leaf")
      leaf.keys.push(key)
      if (leaf.keys.length <= most) continue
      const sorted = leaf.keys.toSorted((a, b) => a - b)
      const right = sorted.splice(sorted.length >> 1)
      leaf.keys = sorted
      leaves = leaves.toSpliced(low + 1, 0, { from: right[0] ?? 0, keys: right })
    }
    assert.closeTo(keys / leaves.length / most, randomFill, 0.02)
    assert.closeTo(leavesOf(keys, { entryBytes: 60, pivotBytes: 44, fill: randomFill }), keys * 60 / (randomFill * 8108), 1)
  })

  it("counts the pages that random touches meet as a trial does", () => {
    const random = seededRandom(4)
    for (const [pages, touches] of [[10, 3], [100, 100], [300, 900]] as const) {
      const trials = 2_000
      let met = 0
      for (let trial = 0; trial < trials; trial++) met += new Set(Array.from({ length: touches }, () => random.below(pages))).size
      assert.closeTo(touchedOf(pages, touches) / (met / trials), 1, 0.02)
    }
  })

  it("gives the share of leaves that active users touch as a trial does", () => {
    const random = seededRandom(5)
    const users = 100_000
    for (const pagesPerUser of [0.117, 1.37, 8.41]) {
      for (const activity of [{ active: 0.02, events: 1 }, { active: 0.1, events: 20 }, { active: 0.7, events: 3 }]) {
        const met = new Set<number>()
        for (let user = 0; user < users; user++) {
          if (random.next() >= activity.active) continue
          for (let event = 0; event < activity.events; event++) met.add(Math.floor((user + random.next()) * pagesPerUser))
        }
        const share = met.size / (users * pagesPerUser)
        assert.closeTo(touchedShare(pagesPerUser, activity) / share, 1, 0.12, `${pagesPerUser} pages a user, ${JSON.stringify(activity)}`)
      }
    }
  })
})
