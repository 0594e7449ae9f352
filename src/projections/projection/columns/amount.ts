import { addDecimals, subtractDecimals } from "../../../values/decimalArithmetic.ts"
import { Decimal } from "../../../values/jsonValues.ts"
import { decimalSql } from "./decimalSql.ts"
import type { SummedKind } from "./TotalKind.ts"

/** Exact decimals, added up. */
export const amountKind = {
  nothing: "0",
  one: (amount) => amount,
  merge: addDecimals,
  subtract: subtractDecimals,
  differenceSchema: Decimal,
  sql: { ...decimalSql, merge: (stored, added) => `${stored} + ${added}` },
  document: { schema: Decimal, present: (value) => value }
} satisfies SummedKind<string, string>
