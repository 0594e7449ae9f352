import type { Lineage } from "../../event-log/Lineage.ts"
import type { Slice } from "../../values/Slice.ts"
import { furthest, type LogOffset, rangesBetween } from "./LogOffset.ts"

/** How far there is something to tell, at one moment of the database. */
export interface FeedState {
  /** How far every active projection has come. */
  readonly positions: LogOffset
  /**
   * The newest operation that changed numbers without events; 0 before the first. See
   * `generations.ts`.
   */
  readonly generation: number
  /** The last erasure of any user of any tenant; 0 before the first. */
  readonly erasure: number
  /** The history of the log that the other fields belong to, or an older one. */
  readonly lineage: Lineage
}

/** What a reader has been told of the changes in one database, besides its events. */
interface Told extends Omit<FeedState, "positions"> {
  /**
   * A walk over users that is in progress: those up to `after` have been told for the generations
   * up to `upTo`.
   */
  readonly walk?: { readonly upTo: number; readonly after: string } | undefined
}

/** What a reader has been told of events, of erasures and of generations. */
export interface FeedPlace extends Told {
  readonly positions: LogOffset
  /**
   * Set if several databases have the log. What the place says besides the positions is then of the
   * slices before the first of these parts.
   */
  readonly further?: ReadonlyArray<FeedPart> | undefined
}

/** What a reader has been told of the slices from `first` on, up to the next part. */
export interface FeedPart extends Told {
  readonly first: Slice
}

/** The generation of a place from which every user is told once. */
export const nothingTold = -1

/** Whether two states are of the same history. */
export const isSameHistory = (a: Pick<FeedState, "lineage">, b: Pick<FeedState, "lineage">): boolean =>
  a.lineage.tags[0] === b.lineage.tags[0]

/** Whether there may be something to tell at a place that is not walking. */
export const isPast = (place: FeedPlace, state: FeedState): boolean =>
  // A state of an older history was read before the place.
  isSameHistory(place, state) ? isFurther(place, state) : state.lineage.history > place.lineage.history

const isFurther = (place: FeedState, state: FeedState): boolean =>
  state.generation > place.generation || state.erasure > place.erasure || rangesBetween(place.positions, state.positions).length > 0

/** The state after both, of one history. */
export const furthestState = (a: FeedState, b: FeedState): FeedState => ({
  lineage: a.lineage,
  positions: furthest(a.positions, b.positions),
  generation: Math.max(a.generation, b.generation),
  erasure: Math.max(a.erasure, b.erasure)
})
