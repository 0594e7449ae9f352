import { noHistory } from "../../event-log/Lineage.ts"
import { allSlices, sliceCount } from "../../event-log/sliceOf.ts"
import { known } from "../../values/known.ts"
import { Position } from "../../values/Position.ts"
import { Slice } from "../../values/Slice.ts"
import { type FeedPlace, nothingTold } from "./FeedPlace.ts"
import { type LogOffset, vectorOf } from "./LogOffset.ts"
import type { FeedPage } from "./readFeedPage.ts"

/** A range of slices that one database has, both ends included. */
export interface SliceRange {
  readonly first: Slice
  readonly last: Slice
}

/** Something of the slices of one database. */
interface Part<A> {
  readonly range: SliceRange
  readonly of: A
}

/**
 * The place of a reader in one database.
 *
 * A part of a place is also that of any range within it: what a database has told holds for each
 * half that its slices are split into. If the range was never within one part, everything is told
 * once more.
 */
export const placeIn = (place: FeedPlace, range: SliceRange): FeedPlace => {
  const { further = [], positions, ...base } = place
  const parts = [{ first: Slice(0), ...base }, ...further]
  const part = parts.findLast(({ first }) => first <= range.first)
  if (part === undefined || parts.some(({ first }) => range.first < first && first <= range.last)) {
    return { positions: vectorOf([]), lineage: noHistory, erasure: 0, generation: nothingTold }
  }
  const { first: _, ...told } = part
  return { positions: within(range, positions), ...told }
}

/** The place over all databases, whose ranges come in order. */
export const joinedPlace = (parts: ReadonlyArray<Part<FeedPlace>>): FeedPlace => {
  const [first, ...others] = parts
  const { of: base } = known(first, "part of a place")
  if (others.length === 0) return base
  const positions = allSlices.map((slice) => {
    const part = parts.find(({ range }) => isWithin(range, slice))
    return known(part?.of.positions[slice], "position of a slice")
  })
  const further = others.map(({ of: { further: _, positions: __, ...told }, range: { first } }) => ({ first, ...told }))
  return { ...base, positions, further }
}

/**
 * What all databases have told together.
 *
 * A database tells of its own range alone, whatever it still has of others. If several have begun
 * another history, the least generation holds for all: some users are read again who need not be.
 */
export const joinedPage = (pages: ReadonlyArray<Part<FeedPage>>): FeedPage => {
  const [first] = pages
  if (first !== undefined && isWhole(first.range)) return first.of
  const kept = pages.flatMap(({ of: { kept }, range }) => kept === undefined ? [] : { ...kept, slices: ofRange(range, kept.slices) })
  return {
    kept: kept.length === 0 ? undefined : {
      generation: Math.min(...kept.map(({ generation }) => generation)),
      slices: kept.flatMap(({ slices }) => slices)
    },
    erased: pages.flatMap(({ of: { erased }, range }) => ofRange(range, erased)),
    changes: pages.flatMap(({ of: { changes }, range }) => ofRange(range, changes)),
    next: joinedPlace(pages.map(({ of: { next }, range }) => ({ range, of: next })))
  }
}

/** How many users a page tells, living and erased. */
export const toldCount = ({ changes, erased }: FeedPage): number => changes.length + erased.length

/** A page that tells nothing. */
export const emptyPage = (next: FeedPlace): FeedPage => ({ kept: undefined, erased: [], changes: [], next })

/** Whether a range has all slices. */
export const isWhole = ({ first, last }: SliceRange): boolean => last - first === sliceCount - 1

const isWithin = ({ first, last }: SliceRange, slice: Slice): boolean => first <= slice && slice <= last

const ofRange = <A extends { readonly slice: Slice }>(range: SliceRange, all: ReadonlyArray<A>): ReadonlyArray<A> =>
  all.filter(({ slice }) => isWithin(range, slice))

const within = (range: SliceRange, positions: LogOffset): LogOffset =>
  isWhole(range)
    ? positions
    : allSlices.map((slice) => isWithin(range, slice) ? known(positions[slice], "position of a slice") : Position(0))
