import { addDecimals, subtractDecimals } from "../../../values/decimalArithmetic.ts"
import { Amount } from "../../../values/jsonValues.ts"
import { decimalSql } from "./decimalSql.ts"
import type { SummedKind } from "./TotalKind.ts"

/** Exact decimals, added up. */
export const amountKind = {
  nothing: "0",
  one: (amount) => amount,
  merge: addDecimals,
  subtract: subtractDecimals,
  differenceSchema: Amount,
  sql: { ...decimalSql, merge: (stored, added) => `${stored} + ${added}` },
  document: { schema: Amount, present: (value) => value }
} satisfies SummedKind<string, string>
