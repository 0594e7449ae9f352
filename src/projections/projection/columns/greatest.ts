import { compareDecimals, isPositive } from "../../../values/decimalArithmetic.ts"
import { Decimal } from "../../../values/jsonValues.ts"
import { decimalSql } from "./decimalSql.ts"
import { ExtremeHeap } from "./ExtremeHeap.ts"
import type { CollectedKind } from "./TotalKind.ts"

const isGreater = (a: string, b: string): boolean => compareDecimals(a, b) > 0

/** The greatest of some exact decimals and 0: what is 0 or less has no say. */
export const greatestKind = {
  nothing: "0",
  one: (amount) => isPositive(amount) ? amount : undefined,
  merge: (a, b) => isGreater(b, a) ? b : a,
  covers: (kept, withdrawn) => !isGreater(withdrawn, kept),
  collect: () => new ExtremeHeap(isGreater),
  sql: { ...decimalSql, merge: (stored, added) => `greatest(${stored}, ${added})` },
  document: { schema: Decimal, present: (value) => value }
} satisfies CollectedKind<string, string>
