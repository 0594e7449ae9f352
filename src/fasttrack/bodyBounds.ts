import type { BodyBounds } from "./BodyScan.ts"

/**
 * Levels of JSON that an item may have. The contract has five, and takes 16 more within `outcomes`
 * and `meta`.
 */
const itemDepth = 64

/** JSON values that an item may have. A sports bet of ten legs has some 120. */
const itemValues = 20_000

/**
 * How many times longer an item may be in the body than in the log. In the body it has escapes,
 * white space, and fields that are ignored.
 */
const itemSpread = 16

/**
 * The values that the items of a body may have on average. 10,000 items with more would hardly fit
 * into a body.
 */
const averageValues = 250

/** What a body may have, given the most items of a request and the most bytes of a stored event. */
export const bodyBounds = (limits: { readonly itemsPerRequest: number; readonly bytesPerEvent: number }): BodyBounds => ({
  items: limits.itemsPerRequest,
  values: averageValues * Math.max(limits.itemsPerRequest, 1000),
  item: { depth: itemDepth, values: itemValues, bytes: itemSpread * limits.bytesPerEvent }
})
