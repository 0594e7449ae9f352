import { sportsStep } from "../../fasttrack/kinds/sportsBet.ts"
import { addDecimals, isPositive, subtractDecimals } from "../../values/decimalArithmetic.ts"
import { byCurrency } from "../projection/byCurrency.ts"
import { amount, count, decimal, difference, earliest, flag, greatest, latest, tally, text, time } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"
import { countedTicket, foldTicket } from "./rules/sportsTicket.ts"

const columns = {
  bet_count: { ...count, description: "Bets that were approved and not rolled back" },
  bet_amount: amount,
  bonus_bet_amount: amount,
  free_bet_count: { ...count, description: "Bets with a free leg" },
  free_bet_amount: amount,
  first_bet_at: earliest,
  last_bet_at: latest,
  settled_bet_count: { ...count, description: "Bets with a settlement that was approved and not rolled back" },
  settled_bet_amount: { ...amount, description: "The stakes of those bets" },
  open_bet_count: { ...count, description: "The other bets" },
  open_bet_amount: amount,
  won_bet_count: { ...count, description: "Settled bets whose returns, of whatever currency, add up to more than 0" },
  lost_bet_count: { ...count, description: "The other settled bets" },
  return_amount: { ...amount, description: "All settlements in the currency, also those of no known bet; the stake is part of a return" },
  biggest_return: { ...greatest, description: "0 without one" },
  cashout_count: { ...count, description: "Settlements that cash out" },
  cashout_amount: amount,
  ggr: { ...difference("settled_bet_amount", "return_amount"), description: "settled_bet_amount − return_amount; may be negative" }
}

/**
 * Sports bets and their settlements per currency (docs/design.md#sports).
 *
 * A bet or a settlement has events with the statuses approved and rollback, in any order. It counts
 * once it is approved, as long as no rollback is known.
 *
 * A settlement belongs to the bet that its approved event names. The bet's row has how many
 * settlements count and what they return together. It may be there before the bet itself is.
 */
export const sports = Projection.make({
  name: "sports",
  version: 1,
  events: ["realtime-sports-bet"],
  totals: { key: ["currency"], columns },
  entities: {
    bets: {
      key: ["activity_id"],
      columns: {
        placed_at: time,
        amount: decimal,
        bonus_amount: decimal,
        currency: text,
        is_free: flag,
        is_rolled_back: flag,
        settlement_count: tally,
        return_amount: decimal
      }
    },
    settlements: {
      key: ["activity_id"],
      columns: { amount: decimal, currency: text, bet_id: text, is_cashout: flag, is_rolled_back: flag }
    }
  },
  keys: ({ data }) => {
    switch (sportsStep(data)?.kind) {
      case "bet":
        return [["bets", data.activity_id]]
      case "settlement": {
        const betId = betIdOf(data.activity_id_reference)
        return betId === null ? [["settlements", data.activity_id]] : [["settlements", data.activity_id], ["bets", betId]]
      }
      case undefined:
        return []
    }
  },
  fold: (event, { bets, settlements }) => {
    const { data, occurredAt } = event
    const step = sportsStep(data)
    switch (step?.kind) {
      case "bet": {
        const bet = bets(data.activity_id)
        foldTicket(event, bet)
        if (step.status === "rollback") return
        bet.placed_at = occurredAt
        bet.bonus_amount = data.bonus_wager_amount
        bet.is_free = data.bets?.some((leg) => leg.is_free_bet) ?? false
        return
      }
      case "settlement": {
        const settlement = settlements(data.activity_id)
        const before = countedTicket(settlement)
        foldTicket(event, settlement)
        if (step.status === "approved") {
          settlement.bet_id = betIdOf(data.activity_id_reference)
          settlement.is_cashout = data.is_cashout
        }
        const now = countedTicket(settlement)
        if (settlement.bet_id === null) return
        if (before === undefined && now !== undefined) {
          const bet = bets(settlement.bet_id)
          bet.settlement_count += 1
          bet.return_amount = addDecimals(bet.return_amount ?? "0", now.amount)
        }
        if (before !== undefined && now === undefined) {
          const bet = bets(settlement.bet_id)
          bet.settlement_count -= 1
          bet.return_amount = subtractDecimals(bet.return_amount ?? "0", before.amount)
        }
      }
    }
  },
  contributions: {
    bets: (bet) => {
      const counted = countedTicket(bet)
      const { bonus_amount: bonus, placed_at: at } = bet
      if (counted === undefined || bonus === null || at === null) return []
      const { amount, currency } = counted
      return [{
        currency,
        bet_count: 1,
        bet_amount: amount,
        bonus_bet_amount: bonus,
        ...bet.is_free ? { free_bet_count: 1, free_bet_amount: amount } : {},
        first_bet_at: at,
        last_bet_at: at,
        ...bet.settlement_count === 0
          ? { open_bet_count: 1, open_bet_amount: amount }
          : {
            settled_bet_count: 1,
            settled_bet_amount: amount,
            ...isPositive(bet.return_amount ?? "0") ? { won_bet_count: 1 } : { lost_bet_count: 1 }
          }
      }]
    },
    settlements: (settlement) => {
      const counted = countedTicket(settlement)
      if (counted === undefined) return []
      const { amount, currency } = counted
      return [{
        currency,
        return_amount: amount,
        biggest_return: amount,
        ...settlement.is_cashout ? { cashout_count: 1, cashout_amount: amount } : {}
      }]
    }
  },
  section: byCurrency(columns)
})

/**
 * The bet a settlement names, null if it names none: the reference is empty, or longer than the 256
 * code points of an id (docs/design.md#the-bulk-endpoint) and of a key.
 */
const betIdOf = (reference: string): string | null =>
  reference === "" || reference.length > 512 || (reference.length > 256 && [...reference].length > 256) ? null : reference
