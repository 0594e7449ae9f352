import { Amount } from "../Amount.ts"
import { eventKind } from "../EventKind.ts"
import { Currency, IdempotencyId, oneOf } from "../Text.ts"
import { textOrInteger } from "../TextOrInteger.ts"

/**
 * A bet, a win, a loss or a rollback, each an event of its own. `amount` includes the bonus part.
 */
export const casino = eventKind({
  event: "realtime-casino",
  name: "Casino",
  fields: {
    unique_id: IdempotencyId,
    game_id: textOrInteger(),
    round_id: textOrInteger(),
    type: oneOf(["bet", "win", "loss", "rollbackbet", "rollbackwin"], { description: "Casino event type" }),
    amount: Amount,
    currency: Currency,
    bonus_wager_amount: Amount
  },
  idField: "unique_id",
  identity: ["type", "unique_id"],
  summary: ({ amount, currency, game_id, type }) => `casino ${type} ${amount} ${currency} ${game_id}`,
  described: {
    item: "FastTrack: Bets and wins, sent as a separate events",
    data: "FastTrack: Casino Event Data",
    example: {
      unique_id: "c-1",
      game_id: "game-7",
      round_id: "r-1",
      type: "bet",
      amount: 1.5,
      currency: "EUR",
      bonus_wager_amount: 0
    }
  }
})
export type CasinoData = typeof casino.data.Type
