import * as Schema from "effect/Schema"
import { deliveryTimes } from "./Envelope.ts"
import { IdempotencyId } from "./Text.ts"

/** realtime-login: a player logged in. */
export const LoginData = Schema.Struct({ ...deliveryTimes, unique_id: IdempotencyId })
export type LoginData = typeof LoginData.Type
