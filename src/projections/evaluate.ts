import * as BigDecimal from "effect/BigDecimal"
import type { FastTrackEvent } from "../fasttrack/FastTrackEvent.ts"
import { ofDays } from "./dayRuns.ts"
import { decimalToText, subtractDecimals } from "./decimalArithmetic.ts"
import { foldUser } from "./foldUser.ts"
import type { AnyProjection, FoldContext, ReadContext, ReadRow, TotalsTable } from "./Projection.ts"
import type { TotalsRow } from "./Totals.ts"

/**
 * A user's section from the user's events alone, folded in memory: what the tables hold once all of these events, and no others, have been fed.
 * Throws what the fold throws.
 */
export const evaluate = (projection: AnyProjection, events: ReadonlyArray<FastTrackEvent>, context: ReadContext): unknown =>
  projection.section.present(evaluateRows(projection, events, context), context)

/** The rows a section is made from, as the tables would give them, from the user's events alone. Throws what the fold throws. */
export const evaluateRows = (
  projection: AnyProjection,
  events: ReadonlyArray<FastTrackEvent>,
  context: FoldContext
): ReadonlyArray<ReadRow> => {
  const types = new Set<string>(projection.events)
  const result = foldUser(projection, events.filter((event) => types.has(event.event)), () => null, context)
  if (result._tag === "Failed") throw result.error
  if (result._tag === "Missing") throw new Error("unreachable: every row is known to be absent")
  return projection.totals === undefined
    ? result.entities.filter(({ table }) => table === Object.keys(projection.entities)[0]).map(({ row }) => row)
    : readTotals(projection.totals, result.totals)
}

const readTotals = (table: TotalsTable, rows: ReadonlyArray<TotalsRow>): ReadonlyArray<ReadRow> =>
  rows.filter((row) => row.contributions > 0).map((row) => {
    const read: Record<string, unknown> = {}
    table.key.forEach((name, index) => read[name] = row.key[index])
    for (const [name, column] of Object.entries(table.columns)) {
      const value = row.values[name]
      if (column.kind !== "difference") read[name] = BigDecimal.isBigDecimal(value) ? decimalToText(value) : value instanceof Set ? ofDays(value) : value
      else if (column.of === "count") read[name] = Number(read[column.minuend]) - Number(read[column.subtrahend])
      else read[name] = subtractDecimals(String(read[column.minuend]), String(read[column.subtrahend]))
    }
    return read
  })
