import { subtractDecimals } from "../../values/decimalArithmetic.ts"
import type { ValueKind } from "./counterPath.ts"

/** What a missing value counts as: a currency that appears with a bet has not won 0 by it. */
export const nothing = { count: 0, amount: "0", other: null } as const

/** Whether two values of a document are the same. */
export const isSame = (before: unknown, after: unknown): boolean =>
  before === after || (typeof before === "object" && JSON.stringify(before) === JSON.stringify(after))

/**
 * By how much a value changed: a number for a count, canonical decimal text for an amount.
 *
 * For any other value it is the value itself.
 */
export const differenceOf = (kind: ValueKind, before: unknown, after: unknown): unknown => {
  switch (kind) {
    case "count":
      return Number(after) - Number(before)
    case "amount":
      return subtractDecimals(String(after), String(before))
    case "other":
      return after
  }
}
