import { allSlices, sliceCount } from "../../event-log/sliceOf.ts"
import type { PositionRange } from "../../event-log/statements/positionRanges.ts"
import { known } from "../../values/known.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"

/** A place in the whole log: the position of each slice, by the number of the slice. */
export type LogOffset = ReadonlyArray<Position>

/** The place with the given positions, and 0 for every other slice. */
export const vectorOf = (positions: Iterable<readonly [slice: Slice, position: Position]>): LogOffset => {
  const vector = Array.from({ length: sliceCount }, () => Position(0))
  for (const [slice, position] of positions) vector[slice] = position
  return vector
}

/** The place after both. */
export const furthest = (a: LogOffset, b: LogOffset): LogOffset =>
  a.map((position, slice) => Position(Math.max(position, positionOf(b, slice))))

/** The place before both. */
export const nearest = (a: LogOffset, b: LogOffset): LogOffset =>
  a.map((position, slice) => Position(Math.min(position, positionOf(b, slice))))

/** For each slice that is further at `upTo` than at `after`, the positions in between. */
export const rangesBetween = (after: LogOffset, upTo: LogOffset): ReadonlyArray<PositionRange> =>
  allSlices.flatMap((slice) => {
    const range = { slice, after: positionOf(after, slice), upTo: positionOf(upTo, slice) }
    return range.upTo > range.after ? [range] : []
  })

const positionOf = (offset: LogOffset, slice: number): Position => known(offset[slice], "position of a slice")

/** The number of events in ranges. */
export const eventCount = (ranges: ReadonlyArray<PositionRange>): number => ranges.reduce((sum, { after, upTo }) => sum + upTo - after, 0)

/**
 * The beginnings of ranges that hold `limit` events together, or all.
 *
 * What short ranges leave goes to the longer ones.
 */
export const shortened = (ranges: ReadonlyArray<PositionRange>, limit: number): ReadonlyArray<PositionRange> => {
  let left = limit
  return ranges.toSorted((a, b) => a.upTo - a.after - (b.upTo - b.after)).flatMap(({ after, slice, upTo }, index) => {
    const share = Math.min(upTo - after, Math.ceil(left / (ranges.length - index)))
    left -= share
    return share === 0 ? [] : [{ slice, after, upTo: Position(after + share) }]
  })
}
