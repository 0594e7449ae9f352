import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { CasinoData } from "../../fasttrack/kinds/casino.ts"
import { UserId } from "../../values/UserId.ts"

const start = Date.UTC(2026, 2, 27, 22, 30)
const hour = 3_600_000
const sent = { entry_timestamp: null, process_timestamp: null }
const amounts = ["0", "10", "0.1", "-3.25", "1234567.000000000000000001"]
const currencies = ["EUR", "eur", "mBTC"]
const cycle = <A>(values: ReadonlyArray<A>, at: number): A => values[at % values.length] as A

const casinoTypes: ReadonlyArray<CasinoData["type"]> = ["bet", "win", "loss", "rollbackbet", "rollbackwin"]
const paymentTypes = ["credit", "Deposit", "debit", "withdrawal", "WITHDRAW", "voucher"]
const paymentStatuses = ["requested", "approved", "rejected", "cancelled", "rollback", "Approved", "unknown"]
const sportsTypes = ["bet", "Settlement", "refund"]
const sportsStatuses = ["approved", "rollback", "pending"]

/**
 * One user's fixed log, some hundred events of every kind.
 *
 * It has every type and status, and some that do not exist, in both orders. It has amounts of every
 * sign and length, and currencies in both spellings. Times are around midnight and a change of
 * clocks, and some events are late.
 *
 * What a projection makes of it tells whether the projection still does what it did. It is part of
 * a version's fingerprint, so what is in it never changes. A new kind's events go to its end.
 */
export const sampleLog: ReadonlyArray<FastTrackEvent> = (() => {
  const events: Array<FastTrackEvent> = []
  let at = 0
  // A stride that visits the hours of some weeks out of order.
  const next = () => start + ((at++ * 37) % 701) * hour
  const userId = "sample"

  for (const [index, type] of Array.from({ length: 60 }, (_, index) => [index, cycle(casinoTypes, index)] as const)) {
    events.push({
      event: "realtime-casino",
      userId: UserId(userId),
      occurredAt: next(),
      data: {
        ...sent,
        unique_id: `c${index}`,
        game_id: `game-${index % 4}`,
        round_id: `r${index >> 1}`,
        type,
        amount: cycle(amounts, index + (index >> 2)),
        currency: cycle(currencies, index >> 3),
        bonus_wager_amount: cycle(["0", "0.5"], index)
      }
    })
  }
  for (let index = 0; index < 60; index++) {
    events.push({
      event: "realtime-gameround",
      userId: UserId(userId),
      // Some rounds share an instant: their ids decide.
      occurredAt: index % 5 === 4 ? start + 10 * hour : next(),
      data: {
        ...sent,
        unique_id: `g${(index * 7) % 60}`,
        game_id: `game-${index % 3}`,
        user_currency: cycle(currencies, index >> 4),
        meta_reporting_currency: null,
        bonus_bet_user: cycle(["0", "1"], index),
        total_bet_user: cycle(amounts, index),
        total_bet_base: cycle(["0", "2.5"], index),
        bonus_win_user: cycle(["0", "0.25"], index),
        total_win_user: cycle(amounts, (index * 3) >> 1),
        total_win_base: cycle(["0", "7"], index)
      }
    })
  }
  for (const type of paymentTypes) {
    for (const first of paymentStatuses) {
      for (const second of paymentStatuses) {
        for (const status of first === second ? [first] : [first, second]) {
          events.push({
            event: "realtime-payment",
            userId: UserId(userId),
            occurredAt: next(),
            data: {
              ...sent,
              payment_id: `p-${first}-${second}`,
              type,
              status,
              amount: cycle(amounts, at),
              currency: cycle(currencies, at),
              base_amount: cycle(["0", "12"], at),
              vendor_name: "vendor"
            }
          })
        }
      }
    }
  }
  for (let index = 0; index < 120; index++) {
    const type = cycle(sportsTypes, index)
    events.push({
      event: "realtime-sports-bet",
      userId: UserId(userId),
      occurredAt: next(),
      data: {
        ...sent,
        activity_id: `s${(index * 11) % 45}`,
        activity_id_reference: cycle(["", `s${(index * 7) % 45}`, "nowhere"], index),
        amount: cycle(amounts, index >> 1),
        bet_type: cycle(["Single", "Multi", "System"] as const, index),
        bets: type === "bet"
          ? [{
            is_free_bet: index % 4 === 0,
            is_risk_free_bet: false,
            is_live: false,
            tournament_name: "cup",
            sports_name: "football",
            odds: "2.5",
            event_name: null,
            market: null,
            match_start: null
          }]
          : null,
        bonus_wager_amount: cycle(["0", "1"], index),
        currency: cycle(currencies, index >> 2),
        is_cashout: index % 7 === 0,
        status: cycle(sportsStatuses, index >> 1),
        type
      }
    })
  }
  for (let index = 0; index < 40; index++) {
    events.push({ event: "realtime-login", userId: UserId(userId), occurredAt: next(), data: { ...sent, unique_id: `l${index}` } })
  }
  for (let index = 0; index < 12; index++) {
    events.push({
      event: "realtime-registration",
      userId: UserId(userId),
      occurredAt: index % 3 === 2 ? start : next(),
      data: {
        ...sent,
        unique_id: `reg${(index * 5) % 12}`,
        username: `name-${index}`,
        registration_date: new Date(start).toISOString(),
        country: cycle(["MT", "SE"], index),
        currency: cycle(currencies, index),
        gender: cycle([null, "F"], index),
        consent_email: cycle([true, null, false], index),
        segmentation_isPromoBanned: cycle([null, true, null, false], index)
      }
    })
  }
  return events
})()
