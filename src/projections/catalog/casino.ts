import type { EventOf } from "../../fasttrack/FastTrackEvent.ts"
import type { CasinoData } from "../../fasttrack/kinds/casino.ts"
import { upperCase } from "../../values/asciiCase.ts"
import { isPositive } from "../../values/decimalArithmetic.ts"
import { byCurrency } from "../projection/byCurrency.ts"
import { amount, count, difference, earliest, greatest, latest } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"
import type { Contribution } from "../projection/TotalsTable.ts"

/** The counters of a currency (docs/design.md#casino). */
export const casinoColumns = {
  bet_count: count,
  bet_amount: { ...amount, description: "The bonus part included" },
  bonus_bet_amount: amount,
  win_count: { ...count, description: "Wins of more than 0" },
  win_amount: { ...amount, description: "The bonus part included" },
  bonus_win_amount: amount,
  biggest_win: { ...greatest, description: "0 without one" },
  loss_count: { ...count, description: "Losses, and wins of 0 or less" },
  rolled_back_bet_count: count,
  rolled_back_bet_amount: amount,
  rolled_back_win_count: count,
  rolled_back_win_amount: amount,
  net_bet_amount: { ...difference("bet_amount", "rolled_back_bet_amount"), description: "bet_amount − rolled_back_bet_amount" },
  net_win_amount: { ...difference("win_amount", "rolled_back_win_amount"), description: "win_amount − rolled_back_win_amount" },
  ggr: { ...difference("net_bet_amount", "net_win_amount"), description: "net_bet_amount − net_win_amount; may be negative" },
  first_at: { ...earliest, description: "Of any casino event in the currency" },
  last_at: { ...latest, description: "Of any casino event in the currency" }
}

/**
 * Bets, wins and losses of the casino per currency (docs/design.md#casino). Each event stands
 * alone: a rollback names no bet, so it is counted beside the bets by its own amount and needs none
 * that is known. Amounts may be negative and are added with their sign.
 */
export const casino = Projection.make({
  name: "casino",
  version: 1,
  events: ["realtime-casino"],
  totals: { key: ["currency"], columns: casinoColumns },
  contribute: (event) => [casinoFigures(event)],
  section: byCurrency(casinoColumns)
})

/** What an event adds to its currency, wherever that is counted. */
export const casinoFigures = ({ data, occurredAt }: EventOf<"realtime-casino">) => ({
  ...effectOf(data),
  currency: upperCase(data.currency),
  first_at: occurredAt,
  last_at: occurredAt
})

const effectOf = (
  { amount, bonus_wager_amount: bonus, type }: CasinoData
): Contribution<{ key: []; columns: typeof casinoColumns }> => {
  switch (type) {
    case "bet":
      return { bet_count: 1, bet_amount: amount, bonus_bet_amount: bonus }
    case "win":
      // A win of nothing is how FastTrack closes a lost round.
      return isPositive(amount) ? { win_count: 1, win_amount: amount, bonus_win_amount: bonus, biggest_win: amount } : { loss_count: 1 }
    case "loss":
      return { loss_count: 1 }
    case "rollbackbet":
      return { rolled_back_bet_count: 1, rolled_back_bet_amount: amount }
    case "rollbackwin":
      return { rolled_back_win_count: 1, rolled_back_win_amount: amount }
  }
}
