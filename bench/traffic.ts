import { type Random, seededRandom } from "../test/oracle/random.ts"

/** An item of the bulk body. */
export interface TrafficItem {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * Play as FastTrack tells of it: 45 % bets, 20 % wins, 20 % game rounds, 5 % each of payments,
 * sports bets and logins, of `users` players in no order. Every item is new; `run` keeps the items
 * of two sources apart, not their players.
 */
export const traffic = ({ run, users }: { readonly run: string; readonly users: number }): () => TrafficItem => {
  const random = seededRandom(hashOf(run))
  let number = 0
  return () => itemOf(random, `player-${random.below(users)}`, run, number++)
}

/** Bodies of so many new items each. */
export const bodiesOf = (next: () => TrafficItem, bodies: number, items: number): ReadonlyArray<string> =>
  Array.from({ length: bodies }, () => JSON.stringify({ items: Array.from({ length: items }, next) }))

const start = Date.UTC(2026, 0, 1)

const itemOf = (random: Random, user_id: string, run: string, number: number): TrafficItem => {
  const kind = random.next()
  const timestamp = new Date(start + number * 10).toISOString()
  const stake = (number % 1000 + 10) / 100
  const game_id = `game-${number % 200}`
  if (kind < 0.65) {
    const isBet = kind < 0.45
    return {
      event: "realtime-casino",
      data: {
        user_id,
        timestamp,
        entry_timestamp: timestamp,
        process_timestamp: timestamp,
        unique_id: `c-${run}-${number}`,
        game_id,
        round_id: `r-${run}-${number >> 1}`,
        type: isBet ? "bet" : "win",
        amount: isBet ? stake : (number % 1000) / 50,
        currency: "EUR",
        bonus_wager_amount: 0
      }
    }
  }
  if (kind < 0.85) {
    const win = (number % 700) / 50
    return {
      event: "realtime-gameround",
      data: {
        user_id,
        timestamp,
        unique_id: `g-${run}-${number}`,
        game_id,
        user_currency: "EUR",
        bonus_bet_user: 0,
        total_bet_user: stake,
        total_bet_base: stake,
        bonus_win_user: 0,
        total_win_user: win,
        total_win_base: win
      }
    }
  }
  if (kind < 0.9) {
    return {
      event: "realtime-payment",
      data: {
        user_id,
        timestamp,
        payment_id: `p-${run}-${number}`,
        type: "credit",
        status: "approved",
        amount: 50,
        currency: "EUR",
        base_amount: 50,
        vendor_name: "visa"
      }
    }
  }
  if (kind < 0.95) {
    return {
      event: "realtime-sports-bet",
      data: {
        user_id,
        timestamp,
        activity_id: `s-${run}-${number}`,
        activity_id_reference: "",
        amount: 10,
        bet_type: "Single",
        total_odds: 2.5,
        bets: [{ tournament_name: "cup", sports_name: "football", odds: 2.5, event_name: "a - b", market: "1x2", match_start: timestamp }],
        bonus_wager_amount: 0,
        currency: "EUR",
        status: "Approved",
        type: "Bet"
      }
    }
  }
  return { event: "realtime-login", data: { user_id, timestamp, unique_id: `l-${run}-${number}` } }
}

const hashOf = (text: string): number => [...text].reduce((hash, character) => Math.imul(hash, 31) + (character.codePointAt(0) ?? 0), 7)
