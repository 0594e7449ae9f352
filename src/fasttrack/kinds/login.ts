import { eventKind } from "../EventKind.ts"
import { IdempotencyId } from "../Text.ts"

/** A player logged in. */
export const login = eventKind({
  event: "realtime-login",
  name: "Login",
  fields: { unique_id: IdempotencyId },
  idField: "unique_id",
  identity: ["unique_id"],
  summary: () => "login",
  described: { item: "A player logged in", data: "Login Event Data", example: { unique_id: "l-1" } }
})
