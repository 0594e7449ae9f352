import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { UserId } from "../../../src/values/UserId.ts"

/** A sports bet with so many objects in it. Of an empty one, 3 bytes become 64 of memory. */
export const fatBet = (userId: string, id: string, objects: number, object: Readonly<Record<string, string>> = {}): FastTrackEvent => ({
  event: "realtime-sports-bet",
  userId: UserId(userId),
  occurredAt: Date.UTC(2026, 0, 1),
  data: {
    entry_timestamp: null,
    process_timestamp: null,
    activity_id: id,
    activity_id_reference: "",
    amount: "1",
    bet_type: "Single",
    bets: [{
      is_free_bet: false,
      is_risk_free_bet: false,
      is_live: false,
      tournament_name: "",
      sports_name: "",
      odds: "2",
      event_name: null,
      market: null,
      match_start: null,
      outcomes: Array.from({ length: objects }, () => object)
    }],
    bonus_wager_amount: "0",
    currency: "EUR",
    is_cashout: false,
    status: "approved",
    type: "bet"
  }
})
