import * as Brand from "effect/Brand"

/**
 * The number of an event in its slice: 1, 2, 3 and so on. 0 stands before the first event.
 */
export type Position = number & Brand.Brand<"Position">

/** Says that a number is a position. It checks nothing. */
export const Position = Brand.nominal<Position>()
