import * as Brand from "effect/Brand"

/** The number of a slice of the event log, from 0 to 255. */
export type Slice = number & Brand.Brand<"Slice">

/** Says that a number is a slice. It checks nothing. */
export const Slice = Brand.nominal<Slice>()
