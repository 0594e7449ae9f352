import * as Schema from "effect/Schema"
import { Amount } from "./Amount.ts"
import { countedWords } from "./countedWords.ts"
import { deliveryTimes } from "./Envelope.ts"
import { FlagOrFalse } from "./Flag.ts"
import { optional, optionalNullable } from "./nullable.ts"
import { OpaqueObject } from "./OpaqueObject.ts"
import { Currency, IdempotencyId, label, oneOf, Text } from "./Text.ts"
import { Timestamp } from "./Timestamp.ts"

/** One selection of a bet. */
const SportsLeg = Schema.Struct({
  is_free_bet: FlagOrFalse,
  is_risk_free_bet: FlagOrFalse,
  is_live: FlagOrFalse,
  tournament_name: Text,
  sports_name: Text,
  odds: Amount,
  event_name: optionalNullable(Text, "a string"),
  market: optionalNullable(Text, "a string"),
  match_start: optionalNullable(Timestamp, "a timestamp"),
  outcomes: optional(Schema.Array(OpaqueObject).annotate({ message: "must be an array of objects" }), "an array of objects"),
  meta: optional(OpaqueObject, "an object")
}).annotate({ message: "must be an object" })

/** realtime-sports-bet: a bet or a settlement, which names its bet in `activity_id_reference`. */
export const SportsBetData = Schema.Struct({
  ...deliveryTimes,
  activity_id: IdempotencyId,
  activity_id_reference: Text,
  amount: Amount,
  bet_type: oneOf(["Single", "Multi", "System", "Teaser"]),
  odds: optional(Amount, "a number"),
  total_odds: optional(Amount, "a number"),
  bets: optionalNullable(Schema.Array(SportsLeg), "an array"),
  bonus_wager_amount: Amount,
  currency: Currency,
  is_cashout: FlagOrFalse,
  status: label(countedWords["realtime-sports-bet"].status),
  type: label(countedWords["realtime-sports-bet"].type)
})
export type SportsBetData = typeof SportsBetData.Type
