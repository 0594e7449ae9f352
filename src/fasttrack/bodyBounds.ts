import type { BodyBounds } from "./BodyScan.ts"

/**
 * Levels of JSON that an item may have. The contract has five, and takes 16 more within `outcomes`
 * and `meta`.
 */
const itemDepth = 64

/** JSON values that an item may have. A sports bet of ten legs has some 120. */
const itemValues = 20_000

/**
 * An item may be so many times as long in the body as the log takes it: with escapes and white
 * space, and with fields that are ignored.
 */
const itemSpread = 16

/**
 * The values that the items of a body may have on average. 10,000 items of more would hardly fit
 * into one.
 */
const averageValues = 250

/**
 * What a body may have where so many items are taken, each of at most so many bytes as the log
 * takes it.
 */
export const bodyBounds = (limits: { readonly itemsPerRequest: number; readonly bytesPerEvent: number }): BodyBounds => ({
  items: limits.itemsPerRequest,
  values: averageValues * Math.max(limits.itemsPerRequest, 1000),
  item: { depth: itemDepth, values: itemValues, bytes: itemSpread * limits.bytesPerEvent }
})
