import * as Schema from "effect/Schema"

/**
 * How the values of rows are written in JSON (docs/design.md#reading): what every section of the
 * counters document is made of.
 */

/** A number of things. */
export const Count = Schema.Natural

/** An exact decimal. */
export const Decimal = Schema.String.check(Schema.isPattern(/^(0|-?[1-9]\d*(\.\d*[1-9])?|-?0\.\d*[1-9])$/u)).annotate({
  identifier: "Decimal",
  description: "Canonical decimal: no exponent, no needless zeros",
  examples: ["10.5", "0", "-3.25"]
})

/** A time. */
export const Time = Schema.String.check(Schema.isPattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u)).annotate({
  identifier: "Time",
  description: "RFC 3339 in UTC with milliseconds",
  format: "date-time",
  examples: ["2026-01-31T12:00:00.000Z"]
})

/** A time, null without one. */
export const TimeOrNull = Schema.NullOr(Time)

/**
 * The text of a `Time` from epoch milliseconds, null of null, as rows hold times; throws on
 * anything else.
 */
export const timeText = (time: unknown): string | null => time === null ? null : new Date(Number(time)).toISOString()
