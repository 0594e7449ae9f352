import { TimeOrNull, timeText } from "../../../values/jsonValues.ts"
import { type TotalSql, unchanged } from "./TotalKind.ts"

/** What kinds of times, in epoch milliseconds, have in common in SQL. */
export const timeSql: Omit<TotalSql<number>, "merge"> = {
  column: "timestamptz",
  parameter: { type: "timestamptz", arrayOf: "timestamptz" },
  encode: (value) => value,
  decode: Number,
  zero: undefined,
  shown: unchanged,
  fetched: unchanged,
  isNumber: false
}

/** How a document shows such a time. */
export const timeDocument = { schema: TimeOrNull, present: timeText }
