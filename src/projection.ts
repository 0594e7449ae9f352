/**
 * The vocabulary of a projection, which a file of your own imports as `playtally/projection`
 * (docs/projections.md#a-folder-of-your-own).
 *
 * What is here keeps its name and its meaning from one release to the next, as the API does. The
 * rest of the code is not for others to import.
 *
 * @module
 */

// What is stated: a name, a version, and a pure function from events to rows.
export { byCurrency } from "./projections/projection/byCurrency.ts"
export { byGame, gameKey } from "./projections/projection/byGame.ts"
export {
  amount,
  count,
  countDifference,
  days,
  decimal,
  difference,
  earliest,
  flag,
  greatest,
  latest,
  maybeFlag,
  tally,
  text,
  time
} from "./projections/projection/Column.ts"
export type { EntityColumn, TotalColumn } from "./projections/projection/Column.ts"
export type { Entities, Entity, EntityTable, Summary } from "./projections/projection/EntityTable.ts"
export type { FoldContext, ReadContext, WithCalendar } from "./projections/projection/FoldContext.ts"
export type { FoldedEvent, Ordered } from "./projections/projection/Ordered.ts"
/**
 * `Projection.make` declares a projection; `Projection.withZones` pins the zone data of a former
 * version.
 */
export * as Projection from "./projections/projection/Projection.ts"
export type { Section } from "./projections/projection/Section.ts"
export type { Contribution, Ranking, TotalsReadRow, TotalsTable } from "./projections/projection/TotalsTable.ts"

// What an event carries.
export type { EventData, EventOf, EventType, FastTrackEvent } from "./fasttrack/FastTrackEvent.ts"
export { type PaymentData, paymentStep } from "./fasttrack/kinds/payment.ts"
export { type SportsBetData, sportsStep } from "./fasttrack/kinds/sportsBet.ts"

// Values: text without a locale, exact decimals, days without a clock.
/** Effect's schemas, in which a section is described. */
export * as Schema from "effect/Schema"
export { lowerCase, upperCase } from "./values/asciiCase.ts"
export { compareUtf8 } from "./values/compareUtf8.ts"
export { activeDays, currentRun, type DayRun, type DayRuns, formatDay, lengthOf, longestRun } from "./values/dayRuns.ts"
export { addDecimals, compareDecimals, divideDecimals, isPositive, subtractDecimals } from "./values/decimalArithmetic.ts"
export { Count, Decimal, Time, TimeOrNull, timeText } from "./values/jsonValues.ts"
export { type Granularity, periodOf } from "./values/period.ts"
export { zones2026f } from "./values/zones/zones2026f.ts"
