import type { EventType, FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { EntityColumn } from "./Column.ts"
import type { EntityRow, Summary } from "./EntityTable.ts"
import type { FoldContext, WithCalendar } from "./FoldContext.ts"

/** An event of one of the types that a projection folds: a union, told apart by `event`. */
export type FoldedEvent<T extends EventType> = Extract<FastTrackEvent, { readonly event: T }>

/** How a user's events are summed up in their own order, whatever order they arrive in. */
export interface Ordered<T extends EventType, C extends Readonly<Record<string, EntityColumn>>> {
  /** What a summary says. Readers get the summary of all the user's events, as one row. */
  readonly columns: C
  /**
   * An event's place: epoch milliseconds and, among equal times, an id by its UTF-8 bytes. No two
   * events of a user have the same place.
   */
  readonly order: (event: FoldedEvent<T>) => readonly [time: number, id: string]
  /** The summary of one event. */
  readonly one: (event: FoldedEvent<T>, context: FoldContext & WithCalendar) => Summary<C>
  /**
   * The summary of some events and of those that follow them, together.
   *
   * It is associative: it makes no difference how many events either side sums up, nor in which
   * steps.
   */
  readonly combine: (earlier: Summary<C>, later: Summary<C>) => Summary<C>
}

/** How the events of any ordered projection are summed up. */
export interface AnyOrdered {
  readonly columns: Readonly<Record<string, EntityColumn>>
  readonly order: (event: FastTrackEvent) => readonly [time: number, id: string]
  readonly one: (event: FastTrackEvent, context: FoldContext) => EntityRow
  readonly combine: (earlier: EntityRow, later: EntityRow) => EntityRow
}
