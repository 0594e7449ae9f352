import { type TotalSql, unchanged } from "./TotalKind.ts"

/** What kinds of exact decimals have in common in SQL. */
export const decimalSql: Omit<TotalSql<string>, "merge"> = {
  column: "numeric not null",
  parameter: { type: "numeric", arrayOf: "numeric" },
  encode: (value) => value,
  decode: String,
  zero: "0",
  // Without zeros at the end.
  shown: (value) => `trim_scale(${value})`,
  fetched: unchanged,
  isNumber: true
}
