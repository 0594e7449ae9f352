import { eventKind } from "../EventKind.ts"
import { Flag } from "../Flag.ts"
import { nullable, optionalNullable } from "../nullable.ts"
import { Currency, IdempotencyId, Text, textOf } from "../Text.ts"
import { Timestamp } from "../Timestamp.ts"

/** A player's account as it is after registering or after an update. */
export const registration = eventKind({
  event: "realtime-registration",
  name: "Registration",
  fields: {
    unique_id: IdempotencyId,
    username: textOf(undefined, undefined, { description: "Player username" }),
    registration_date: Timestamp,
    country: Text,
    currency: Currency,
    gender: nullable(Text, "a string"),
    consent_email: nullable(Flag, "true, false"),
    segmentation_isPromoBanned: optionalNullable(Flag, "true, false")
  },
  idField: "unique_id",
  identity: ["unique_id"],
  summary: ({ country, currency, username }) => `account ${username} ${country} ${currency}`,
  described: {
    item: "FastTrack: Player registration and account updates",
    data: "FastTrack: Player registration and account update details",
    example: {
      unique_id: "a-1",
      username: "player17",
      registration_date: "2026-01-31T11:59:00Z",
      country: "MT",
      currency: "EUR",
      gender: null,
      consent_email: true
    }
  }
})
