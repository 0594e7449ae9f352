import { expect } from "vitest"
import { evaluate } from "../../../src/projections/evaluate.ts"
import type { AnyProjection } from "../../../src/projections/Projection.ts"
import type { FastTrackItem } from "../../reference/FastTrackItem.ts"
import { eventsOf } from "./eventsOf.ts"

const permutations = <A>(values: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  values.length === 0
    ? [[]]
    : values.flatMap((value, at) => permutations(values.toSpliced(at, 1)).map((others) => [value].concat(others)))

/** The section that some items (a handful) come to; fails if any order of them comes to another. */
export const inEveryOrder = (projection: AnyProjection, items: ReadonlyArray<FastTrackItem>): unknown => {
  const context = { timeZone: "UTC", now: 0 }
  const events = eventsOf(items)
  const section = evaluate(projection, events, context)
  for (const order of permutations(events)) expect(evaluate(projection, order, context)).toEqual(section)
  return section
}
