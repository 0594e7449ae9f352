import type { EventOf } from "../../fasttrack/FastTrackEvent.ts"
import { upperCase } from "../../values/asciiCase.ts"
import { divideDecimals, isPositive } from "../../values/decimalArithmetic.ts"
import { byCurrency } from "../projection/byCurrency.ts"
import { amount, count, difference, earliest, greatest, latest } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"

/** The counters of a currency (docs/design.md#game-rounds). */
export const gameRoundColumns = {
  round_count: count,
  bet_amount: amount,
  bonus_bet_amount: amount,
  win_amount: amount,
  bonus_win_amount: amount,
  bet_base_amount: { ...amount, description: "In the brand's one base currency; a round without it adds 0" },
  win_base_amount: { ...amount, description: "In the brand's one base currency; a round without it adds 0" },
  won_round_count: { ...count, description: "Rounds that won more than 0" },
  lost_round_count: { ...count, description: "The other rounds" },
  biggest_win: { ...greatest, description: "0 without one" },
  biggest_multiplier: { ...greatest, description: "Win ÷ bet of rounds with a bet above 0, rounded half up to 4 decimals; 0 without one" },
  ggr: { ...difference("bet_amount", "win_amount"), description: "bet_amount − win_amount; may be negative" },
  first_at: earliest,
  last_at: latest
}

/**
 * Game rounds per currency of the user (docs/design.md#game-rounds). FastTrack makes them of the
 * same play as the casino events: the two are never added up.
 */
export const gameRounds = Projection.make({
  name: "game_rounds",
  version: 1,
  events: ["realtime-gameround"],
  totals: { key: ["currency"], columns: gameRoundColumns },
  contribute: (event) => [gameRoundFigures(event)],
  section: byCurrency(gameRoundColumns)
})

/** What a round adds to its currency, wherever that is counted. */
export const gameRoundFigures = ({ data, occurredAt }: EventOf<"realtime-gameround">) => {
  const { total_bet_user: bet, total_win_user: win } = data
  const isWon = isPositive(win)
  return {
    currency: upperCase(data.user_currency),
    round_count: 1,
    bet_amount: bet,
    bonus_bet_amount: data.bonus_bet_user,
    win_amount: win,
    bonus_win_amount: data.bonus_win_user,
    bet_base_amount: data.total_bet_base,
    win_base_amount: data.total_win_base,
    won_round_count: isWon ? 1 : 0,
    lost_round_count: isWon ? 0 : 1,
    biggest_win: win,
    // The greatest starts at 0, so rounds that won nothing or less have no say in it.
    biggest_multiplier: isWon && isPositive(bet) ? divideDecimals(win, bet, 4) : "0",
    first_at: occurredAt,
    last_at: occurredAt
  }
}
