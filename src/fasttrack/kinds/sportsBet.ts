import * as Schema from "effect/Schema"
import { lowerCase } from "../../values/asciiCase.ts"
import { Amount } from "../Amount.ts"
import { type CountedWords, plainWords, uncountedAmong } from "../countedWords.ts"
import { eventKind } from "../EventKind.ts"
import { FlagOrFalse } from "../Flag.ts"
import { optional, optionalNullable } from "../nullable.ts"
import { OpaqueObject } from "../OpaqueObject.ts"
import { Currency, IdempotencyId, label, oneOf, Text } from "../Text.ts"
import { Timestamp } from "../Timestamp.ts"

const words = {
  type: plainWords("bet", "settlement"),
  status: plainWords("approved", "rollback")
} satisfies CountedWords<string, string>

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

/** A bet or a settlement, which names its bet in `activity_id_reference`. */
export const sportsBet = eventKind({
  event: "realtime-sports-bet",
  name: "SportsBet",
  fields: {
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
    status: label([...words.status.keys()]),
    type: label([...words.type.keys()])
  },
  idField: "activity_id",
  identity: ["type", "status", "activity_id"],
  caseInsensitive: ["type", "status"],
  uncountedWord: (data) => uncountedAmong(words, data),
  summary: ({ activity_id_reference, amount, bet_type, currency, status, type }) =>
    `sports ${type} ${status} ${amount} ${currency} ${bet_type}${activity_id_reference === "" ? "" : ` of ${activity_id_reference}`}`,
  described: {
    item: "Sports bets and their settlements, sent as separate events",
    example: {
      activity_id: "b-1",
      activity_id_reference: "",
      amount: 10,
      bet_type: "Single",
      odds: 2.5,
      bets: [{ tournament_name: "Premier League", sports_name: "Football", odds: 2.5, market: "1X2" }],
      bonus_wager_amount: 0,
      currency: "EUR",
      status: "Approved",
      type: "Bet"
    }
  }
})
export type SportsBetData = typeof sportsBet.data.Type

/**
 * What a sports event says of which kind of ticket; undefined if its type or status is none of
 * those that count.
 */
export const sportsStep = ({ status, type }: SportsBetData) => {
  const kind = words.type.get(lowerCase(type))
  const step = words.status.get(lowerCase(status))
  return kind === undefined || step === undefined ? undefined : { kind, status: step }
}
