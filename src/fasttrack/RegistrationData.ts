import * as Schema from "effect/Schema"
import { deliveryTimes } from "./Envelope.ts"
import { Flag } from "./Flag.ts"
import { nullable, optionalNullable } from "./nullable.ts"
import { Currency, IdempotencyId, Text, textOf } from "./Text.ts"
import { Timestamp } from "./Timestamp.ts"

/** realtime-registration: a player's account as it is after registering or after an update. */
export const RegistrationData = Schema.Struct({
  ...deliveryTimes,
  unique_id: IdempotencyId,
  username: textOf(undefined, undefined, { description: "Player username" }),
  registration_date: Timestamp,
  country: Text,
  currency: Currency,
  gender: nullable(Text, "a string"),
  consent_email: nullable(Flag, "true, false"),
  segmentation_isPromoBanned: optionalNullable(Flag, "true, false")
})
export type RegistrationData = typeof RegistrationData.Type
