import type { ApiDescription, Operation } from "./ApiDescription.ts"
import type { Asked, Judge } from "./Judge.ts"
import { type Known, targetOf, type Values } from "./validRequests.ts"
import { wholeValue } from "./wholeValue.ts"

/** A running service with what is known of it. */
export interface Subject {
  readonly judge: Judge
  readonly description: ApiDescription
  readonly known: Known
  /** A key for each scope alone. */
  readonly keys: Readonly<Record<"ingest" | "read", string>>
}

/** Nobody has sent an event of this user. */
export const stranger = "a stranger"

/** A valid request with what must be in it and, of the rest, these values only. */
export const plainRequest = ({ description: { resolve }, known }: Subject, operation: Operation, values: Values = {}): Asked => {
  const [userId = ""] = known.userIds
  const given: Values = {
    user_id: userId,
    board: "casino_turnover",
    currency: operation.parameters.some(({ name }) => name === "board") ? "EUR" : undefined,
    path: known.paths.get(userId)?.[0],
    ...operation.parameters.some(({ name }) => name === "to") ? { from: "2026-01-01", to: "2026-01-31" } : {},
    wait: "0",
    ...values
  }
  const body = operation.body === undefined ? undefined : wholeValue(resolve, operation.body.schema)
  return { target: targetOf(operation, given), ...body === undefined ? {} : { body: JSON.stringify(body) } }
}

/** The operation of an id; throws if there is none. */
export const operationOf = ({ description: { operations } }: Subject, id: string): Operation => {
  const found = operations.find((operation) => operation.id === id)
  if (found === undefined) throw new Error(`there is no operation ${id}`)
  return found
}
