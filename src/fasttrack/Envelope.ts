import * as Schema from "effect/Schema"
import { optionalNullable } from "./nullable.ts"
import { UserId } from "./Text.ts"
import { Instant, Timestamp } from "./Timestamp.ts"

/**
 * The fields of every kind's data that the log keeps beside the payload: whose event it is, and
 * when it happened.
 */
export const Envelope = Schema.Struct({ user_id: UserId, timestamp: Instant })

/**
 * When the event came to FastTrack and when FastTrack handled it: of every kind, and not compared,
 * as a resend may carry others.
 */
export const deliveryTimes = {
  entry_timestamp: optionalNullable(Timestamp, "a timestamp"),
  process_timestamp: optionalNullable(Timestamp, "a timestamp")
}
