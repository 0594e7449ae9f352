import * as Schema from "effect/Schema"
import { Amount, AmountOrZero } from "./Amount.ts"
import { deliveryTimes } from "./Envelope.ts"
import { optionalNullable } from "./nullable.ts"
import { Currency, textOf } from "./Text.ts"
import { textOrInteger } from "./TextOrInteger.ts"

/**
 * realtime-gameround: a round with its bet and what it won. The amounts of the user are in
 * `user_currency`, the base amounts in the brand's one base currency.
 */
export const GameRoundData = Schema.Struct({
  ...deliveryTimes,
  unique_id: textOf(1, 256, { description: "This field is used for idempotency and as round_id" }),
  game_id: textOrInteger(),
  user_currency: textOf(1, 32, { description: "ISO-4217 currency code or crypto currency code" }),
  meta_reporting_currency: optionalNullable(Currency, "a currency code"),
  bonus_bet_user: Amount,
  total_bet_user: Amount,
  total_bet_base: AmountOrZero,
  bonus_win_user: Amount,
  total_win_user: Amount,
  total_win_base: AmountOrZero
})
export type GameRoundData = typeof GameRoundData.Type
