import { Amount, AmountOrZero } from "../Amount.ts"
import { eventKind } from "../EventKind.ts"
import { optionalNullable } from "../nullable.ts"
import { Currency, textOf } from "../Text.ts"
import { textOrInteger } from "../TextOrInteger.ts"

/**
 * A round with its bet and what it won. The amounts of the user are in `user_currency`, the base
 * amounts in the brand's one base currency.
 */
export const gameRound = eventKind({
  event: "realtime-gameround",
  name: "GameRound",
  fields: {
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
  },
  idField: "unique_id",
  identity: ["unique_id"],
  summary: ({ game_id, total_bet_user, total_win_user, user_currency }) =>
    `game round ${total_bet_user} -> ${total_win_user} ${user_currency} ${game_id}`,
  described: {
    item: "FastTrack: Bet and possibly Win sent as one event",
    data: "FastTrack: GameRound Event Data",
    example: {
      unique_id: "r-1",
      game_id: "game-7",
      user_currency: "EUR",
      bonus_bet_user: 0,
      total_bet_user: 1.5,
      total_bet_base: 1.5,
      bonus_win_user: 0,
      total_win_user: 6,
      total_win_base: 6
    }
  }
})
