import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { FoldContext, ReadContext } from "../projection/FoldContext.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ReadRow } from "../projection/Section.ts"
import { MemoryFold } from "./MemoryFold.ts"

/**
 * A user's section from the user's events alone, folded in memory: what the tables hold once all of
 * these events, and no others, have been fed. Throws what the fold throws.
 */
export const evaluate = (projection: AnyProjection, events: ReadonlyArray<FastTrackEvent>, context: ReadContext): unknown =>
  folded(projection, events, context).section(context)

/**
 * The rows a section is made from, as the tables would give them, from the user's events alone.
 * Throws what the fold throws.
 */
export const evaluateRows = (
  projection: AnyProjection,
  events: ReadonlyArray<FastTrackEvent>,
  context: FoldContext
): ReadonlyArray<ReadRow> => folded(projection, events, context).rows()

const folded = (projection: AnyProjection, events: ReadonlyArray<FastTrackEvent>, context: FoldContext): MemoryFold => {
  const fold = new MemoryFold(projection, context)
  fold.add(events)
  return fold
}
