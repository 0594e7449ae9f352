import { PgTypes } from "@effect/sql-pg"
import type { SqlError } from "effect/sql"

/**
 * What a failed statement means for its caller.
 *
 * - `UniqueViolation`: look again.
 * - `BadData`: look for the row at fault.
 * - `Transient`: wait and try again.
 * - `Unexpected`: give up.
 */
export type Failure =
  | { readonly _tag: "UniqueViolation"; readonly constraint: string }
  | { readonly _tag: "BadData"; readonly message: string }
  | { readonly _tag: "Transient" }
  | { readonly _tag: "Unexpected" }

/** The SQLSTATE of a statement that a server refused because it can only read. */
const readOnly = "25006"

/** The SQLSTATE of the server; undefined if the server sent none. */
export const sqlState = (error: SqlError.SqlError): string | undefined => {
  const cause = error.reason.cause
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  // A connection that fails has a code of the operating system instead.
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/**
 * Sorts a SqlError by what helps.
 *
 * Bad data is SQLSTATE class 22 (data exception), class 54 (program limit exceeded), and a value
 * that the driver cannot encode. Transient is a lost connection, a timeout, a deadlock or a
 * shutdown. A server that is short of disk, memory or connections is transient too, and so is one
 * that can only read: a standby, or a primary that was made read-only.
 *
 * Effect's `isRetryable` tells most of what is transient. It tells neither bad data from a defect
 * of a statement, nor a server that can only read or is short of something. This function tells
 * them by the SQLSTATE.
 */
export const classifySqlError = (error: SqlError.SqlError): Failure => {
  const { reason } = error
  if (reason._tag === "UniqueViolation") return { _tag: "UniqueViolation", constraint: reason.constraint }
  if (reason.isRetryable) return { _tag: "Transient" }
  const state = sqlState(error)
  if (state === undefined) {
    if (reason.cause instanceof PgTypes.CodecError) return { _tag: "BadData", message: reason.cause.message }
    // An error of this program that ends a transaction: to try again leads to it again.
    return reason.cause instanceof Error && "_tag" in reason.cause ? { _tag: "Unexpected" } : { _tag: "Transient" }
  }
  if (state === readOnly) return { _tag: "Transient" }
  switch (state.slice(0, 2)) {
    case "22":
    case "54":
      return { _tag: "BadData", message: reason.cause instanceof Error ? reason.cause.message : "refused by the database" }
    case "08":
    case "53":
    case "55":
    case "57":
    case "58":
      return { _tag: "Transient" }
    default:
      return { _tag: "Unexpected" }
  }
}
