import * as Schema from "effect/Schema"
import { Amount } from "./Amount.ts"
import { deliveryTimes } from "./Envelope.ts"
import { Currency, IdempotencyId, oneOf } from "./Text.ts"
import { textOrInteger } from "./TextOrInteger.ts"

/**
 * realtime-casino: a bet, a win, a loss or a rollback, each an event of its own. `amount` includes
 * the bonus part.
 */
export const CasinoData = Schema.Struct({
  ...deliveryTimes,
  unique_id: IdempotencyId,
  game_id: textOrInteger(),
  round_id: textOrInteger(),
  type: oneOf(["bet", "win", "loss", "rollbackbet", "rollbackwin"], { description: "Casino event type" }),
  amount: Amount,
  currency: Currency,
  bonus_wager_amount: Amount
})
export type CasinoData = typeof CasinoData.Type
