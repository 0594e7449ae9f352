import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { bet, gameRound, login, loss, payment, registration, rollbackBet, rollbackWin, settlement, sportsBet, win } from "./events.ts"

/**
 * The longest texts and numbers that the bulk endpoint takes (docs/design.md#values), four bytes to
 * the character.
 */
const id = "\u{1F3B0}".repeat(256)
const text = "\u{1F3B2}".repeat(4096)
const currency = "\u{10FFFF}".repeat(32)
const greatest = `${"9".repeat(24)}.${"9".repeat(30)}`
const least = `-${greatest}`
const times = ["1900-01-01T00:00:00Z", "2200-12-31T23:59:59.999Z"]

/** One user's events of every kind with everything as long, as large or as small as it can be. */
export const extremeEvents: ReadonlyArray<FastTrackEvent> = times.flatMap((at, index) => {
  const amount = index === 0 ? greatest : least
  const casino = { at, unique_id: `${index}${id.slice(2)}`, game_id: text, round_id: text, amount, currency, bonus_wager_amount: amount }
  const paid = { at, payment_id: id, amount, currency, base_amount: amount, vendor_name: text }
  const sports = { at, amount, currency, bonus_wager_amount: amount, odds: amount, total_odds: amount }
  return [
    bet(casino),
    win(casino),
    loss(casino),
    rollbackBet(casino),
    rollbackWin(casino),
    gameRound({
      at,
      unique_id: casino.unique_id,
      game_id: text,
      user_currency: currency,
      bonus_bet_user: amount,
      total_bet_user: amount,
      total_bet_base: amount,
      bonus_win_user: amount,
      total_win_user: amount,
      total_win_base: amount
    }),
    payment({ ...paid, status: index === 0 ? "requested" : "approved" }),
    payment({ ...paid, type: "Debit", status: index === 0 ? "approved" : "rollback" }),
    sportsBet({ ...sports, activity_id: casino.unique_id }),
    settlement({ ...sports, activity_id: casino.unique_id, activity_id_reference: index === 0 ? casino.unique_id : text }),
    registration({ at, unique_id: casino.unique_id, username: text, country: text, currency, gender: text }),
    login({ at, unique_id: casino.unique_id })
  ]
})
