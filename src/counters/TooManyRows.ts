import * as Schema from "effect/Schema"

/** An answer would have more rows than are read for one. `detail` says what to ask for instead. */
export class TooManyRows extends Schema.TaggedError<TooManyRows>("playtally/counters/TooManyRows")("TooManyRows", {
  section: Schema.String,
  limit: Schema.Int,
  detail: Schema.String
}) {}

/**
 * The most rows of one section of a user's document, for example of currencies.
 *
 * It is also the most rows of games and their currencies on a page.
 */
export const maxRows = 1000

/** The SQL view in which all rows of a projection's totals can be read. */
export const viewOf = (projection: string): string => `${projection}_totals`
