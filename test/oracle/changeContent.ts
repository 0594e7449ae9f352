import { amountOf, decimalString } from "./decimal.ts"
import type { FastTrackItem, WireId, WireNumber } from "./FastTrackItem.ts"
import { instantOf, timeString } from "./instant.ts"
import type { Random } from "./random.ts"
import { idText } from "./referenceCounters.ts"

const other = (text: WireId): string => `${idText(text)}x`
const more = (number: WireNumber | null | undefined): WireNumber => ({ raw: decimalString(amountOf(number ?? 0) + 10n ** 28n) })
const later = (timestamp: string): string => timeString(instantOf(timestamp) + 1)

/**
 * The item with one compared field changed and its idempotency identity kept: sent after the
 * original, it must be rejected as `idempotency_conflict` (docs/design.md#idempotency).
 */
export const changeContent = (random: Random, item: FastTrackItem): FastTrackItem => {
  switch (item.event) {
    case "realtime-casino": {
      const { data } = item
      return {
        ...item,
        data: {
          ...data,
          ...random.pick([
            { amount: more(data.amount) },
            { bonus_wager_amount: more(data.bonus_wager_amount) },
            { currency: other(data.currency) },
            { game_id: other(data.game_id) },
            { round_id: other(data.round_id) },
            { timestamp: later(data.timestamp) }
          ])
        }
      }
    }
    case "realtime-payment": {
      const { data } = item
      return {
        ...item,
        data: {
          ...data,
          ...random.pick([
            { amount: more(data.amount) },
            { base_amount: more(data.base_amount) },
            { currency: other(data.currency) },
            { vendor_name: other(data.vendor_name) },
            { timestamp: later(data.timestamp) }
          ])
        }
      }
    }
    case "realtime-registration": {
      const { data } = item
      return {
        ...item,
        data: {
          ...data,
          ...random.pick([
            { username: other(data.username) },
            { country: other(data.country) },
            { currency: other(data.currency) },
            { gender: data.gender === null ? "x" : null },
            { consent_email: data.consent_email !== true },
            { segmentation_isPromoBanned: data.segmentation_isPromoBanned !== true },
            { registration_date: later(data.registration_date) },
            { timestamp: later(data.timestamp) }
          ])
        }
      }
    }
    case "realtime-gameround": {
      const { data } = item
      return {
        ...item,
        data: {
          ...data,
          ...random.pick([
            { total_bet_user: more(data.total_bet_user) },
            { total_bet_base: more(data.total_bet_base) },
            { total_win_user: more(data.total_win_user) },
            { total_win_base: more(data.total_win_base) },
            { bonus_bet_user: more(data.bonus_bet_user) },
            { bonus_win_user: more(data.bonus_win_user) },
            { user_currency: other(data.user_currency) },
            { meta_reporting_currency: other(data.meta_reporting_currency ?? "") },
            { game_id: other(data.game_id) },
            { timestamp: later(data.timestamp) }
          ])
        }
      }
    }
    case "realtime-sports-bet": {
      const { data } = item
      const leg = { tournament_name: "changed", sports_name: "changed", odds: 2 }
      return {
        ...item,
        data: {
          ...data,
          ...random.pick([
            { amount: more(data.amount) },
            { bonus_wager_amount: more(data.bonus_wager_amount) },
            { currency: other(data.currency) },
            { activity_id_reference: other(data.activity_id_reference) },
            { bet_type: data.bet_type === "Multi" ? ("System" as const) : ("Multi" as const) },
            { is_cashout: data.is_cashout !== true },
            { bets: [...(data.bets ?? []), leg] },
            { timestamp: later(data.timestamp) }
          ])
        }
      }
    }
    case "realtime-login":
      return { ...item, data: { ...item.data, timestamp: later(item.data.timestamp) } }
  }
}
