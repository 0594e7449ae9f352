import { describe, expect, it } from "vitest"
import type { TotalKind, TotalValue } from "../../../src/projections/projection/columns/TotalKind.ts"
import { type TotalKindName, totalKinds } from "../../../src/projections/projection/columns/totalKinds.ts"
import { cutIntoBatches, type Random, seededRandom, shuffle } from "../../oracle/random.ts"

type Contributed = string | number

const whole = (random: Random): number => random.below(20) - 10
const decimal = (random: Random): string => String(whole(random) / 4)

/** What is contributed to a column of each kind: few values, so that some are equal. */
const contributedTo: Readonly<Record<TotalKindName, (random: Random) => Contributed>> = {
  count: whole,
  amount: decimal,
  greatest: decimal,
  earliest: whole,
  latest: whole,
  days: whole
}

/** What contributions come to, merged in this order. */
const together = (kind: TotalKind, contributions: ReadonlyArray<Contributed>): TotalValue | undefined =>
  contributions.reduce<TotalValue | undefined>((value, contributed) => merged(kind, value, kind.one(contributed)), undefined)

const merged = (kind: TotalKind, a: TotalValue | undefined, b: TotalValue | undefined): TotalValue | undefined =>
  a === undefined ? b : b === undefined ? a : kind.merge(a, b)

const kinds: ReadonlyArray<readonly [name: TotalKindName, kind: TotalKind]> = Object.entries(totalKinds).map(([name, kind]) =>
  [name as TotalKindName, kind] as const
)

describe.each(kinds)("the kind %s", (name, kind) => {
  const random = seededRandom(5)
  const histories = Array.from(
    { length: 200 },
    () => Array.from({ length: random.below(12) }, () => contributedTo[name](random))
  )

  it("comes to the same in any order and in any cut into chunks", () => {
    for (const contributions of histories) {
      const chunks = cutIntoBatches(random, shuffle(random, contributions), 4)
      const value = chunks.map((chunk) => together(kind, chunk)).reduce((a, b) => merged(kind, a, b), undefined)
      expect(value).toEqual(together(kind, contributions))
    }
  })

  it("comes to what is left once contributions are withdrawn", () => {
    for (const contributions of histories) {
      const withdrawn = contributions.filter(() => random.chance(0.5))
      const left = [...contributions]
      for (const contributed of withdrawn) left.splice(left.indexOf(contributed), 1)
      const expected = together(kind, left) ?? kind.nothing
      if (kind.subtract === undefined) {
        const collected = kind.collect()
        // As it is used: what comes to nothing by itself is not collected.
        const isSome = (contributed: Contributed) => kind.one(contributed) !== undefined
        for (const contributed of contributions.filter(isSome)) collected.add(contributed)
        for (const contributed of withdrawn.filter(isSome)) collected.remove(contributed)
        expect(collected.value() ?? kind.nothing).toEqual(expected)
      } else {
        const subtract = (value: TotalValue, contributed: Contributed) => kind.subtract?.(value, contributed) ?? value
        expect(withdrawn.reduce(subtract, together(kind, contributions) ?? kind.nothing)).toEqual(expected)
      }
    }
  })

  it.skipIf(kind.subtract !== undefined)("covers a withdrawn contribution only where the value stays the same", () => {
    let covered = 0
    for (const contributions of histories) {
      const [withdrawn, kept] = contributions
      if (withdrawn === undefined || kept === undefined || kind.covers?.(kept, withdrawn) !== true) continue
      covered++
      expect(together(kind, contributions.slice(1))).toEqual(together(kind, contributions))
    }
    expect(covered).toBeGreaterThan(3)
  })
})
