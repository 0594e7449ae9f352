import { describe, it } from "vitest"
import { sports } from "../../../src/projections/catalog/sports.ts"
import type { SportsLeg } from "../../oracle/FastTrackItem.ts"
import { settlement as settlementEvent, sportsBet } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(sports)
type Fields = NonNullable<Parameters<typeof sportsBet>[0]>
const bet = (more: Fields = {}) => sportsBet({ activity_id: "b", ...more })
const settlement = (amount: number | string, more: Fields = {}) =>
  settlementEvent({ activity_id: "s", activity_id_reference: "b", amount, ...more })
const betRollback = bet({ status: "Rollback" })
const rollback = (more: Fields = {}) => settlement(10, { status: "Rollback", ...more })
const leg = (is_free_bet?: boolean): SportsLeg => ({
  tournament_name: "t",
  sports_name: "s",
  odds: 2,
  is_risk_free_bet: true,
  ...is_free_bet === undefined ? {} : { is_free_bet }
})

const at = "2026-01-01T12:00:00.000Z"
const nothing = {
  bet_count: 0,
  bet_amount: "0",
  bonus_bet_amount: "0",
  free_bet_count: 0,
  free_bet_amount: "0",
  first_bet_at: null,
  last_bet_at: null,
  settled_bet_count: 0,
  settled_bet_amount: "0",
  open_bet_count: 0,
  open_bet_amount: "0",
  won_bet_count: 0,
  lost_bet_count: 0,
  return_amount: "0",
  biggest_return: "0",
  cashout_count: 0,
  cashout_amount: "0",
  ggr: "0"
}
const aBet = { ...nothing, bet_count: 1, bet_amount: "10", first_bet_at: at, last_bet_at: at }
const open = { ...aBet, open_bet_count: 1, open_bet_amount: "10" }
const settled = { ...aBet, settled_bet_count: 1, settled_bet_amount: "10" }
const won = { ...settled, won_bet_count: 1 }
const lost = { ...settled, lost_bet_count: 1, ggr: "10" }

describe("sports", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it("counts a bet as open until it is settled", () => {
    given(bet()).shows({ EUR: open })
    given(bet(), settlement(62.5)).shows({ EUR: { ...won, return_amount: "62.5", biggest_return: "62.5", ggr: "-52.5" } })
    given(bet(), settlement(0)).shows({ EUR: lost })
  })

  it("reads type and status in any letter case", () => {
    given(bet({ type: "BET", status: "approved" })).shows({ EUR: open })
    given(bet(), bet({ type: "bet", status: "ROLLback" })).shows({})
  })

  it.each([["Refund", "Approved"], ["Win", "Approved"], ["bet ", "approved"], ["Bet", "Cancelled"], ["Settlement", "Open"], [
    "bet approved",
    "x"
  ]])(
    "does not count type %j with status %j",
    (type, status) => {
      given(bet({ type, status })).shows({})
    }
  )

  it("takes a bet that was rolled back out, but not its settlements", () => {
    given(bet(), betRollback).shows({})
    given(bet(), betRollback, settlement(4)).shows({
      EUR: { ...nothing, return_amount: "4", biggest_return: "4", ggr: "-4" }
    })
  })

  it("opens a bet again whose settlement was rolled back", () => {
    given(bet(), settlement(4), rollback()).shows({ EUR: open })
    given(settlement(4), rollback()).shows({})
    given(rollback(), bet()).shows({ EUR: open })
  })

  it("takes off what the approved settlement said, whatever its rollback says", () => {
    const other = rollback({ activity_id_reference: "other", amount: 1, currency: "USD" })
    given(bet(), settlement(4), other, bet({ activity_id: "other" })).shows({
      EUR: { ...open, bet_count: 2, bet_amount: "20", open_bet_count: 2, open_bet_amount: "20" }
    })
  })

  it("adds up the returns of all of a bet's settlements", () => {
    const second = settlement(-5, { activity_id: "t" })
    given(bet(), settlement(5), second).shows({ EUR: { ...lost, biggest_return: "5" } })
    given(bet(), settlement(5), second, rollback({ activity_id: "t" })).shows({
      EUR: { ...won, return_amount: "5", biggest_return: "5", ggr: "5" }
    })
    given(bet(), settlement("0.30"), settlement(-0.1, { activity_id: "t" }), settlement(-0.2, { activity_id: "v" })).shows({
      EUR: { ...lost, biggest_return: "0.3" }
    })
  })

  it("wins by returns in any currency, and adds each in its own", () => {
    given(bet({ currency: "usd" }), settlement(-1), settlement(2, { activity_id: "t", currency: "sek" })).shows({
      USD: { ...won, ggr: "10" },
      EUR: { ...nothing, return_amount: "-1", ggr: "1" },
      SEK: { ...nothing, return_amount: "2", biggest_return: "2", ggr: "-2" }
    })
  })

  it("counts settlements that name no bet", () => {
    const tooLong = "😀".repeat(257)
    for (const activity_id_reference of ["", "B", "b ", tooLong]) {
      given(bet(), settlement(3, { activity_id_reference })).shows({
        EUR: { ...open, return_amount: "3", biggest_return: "3", ggr: "-3" }
      })
    }
  })

  it("finds a bet by the longest id there is", () => {
    const activity_id = "😀".repeat(256)
    given(bet({ activity_id }), settlement(0, { activity_id_reference: activity_id })).shows({ EUR: lost })
  })

  it("keeps a bet and a settlement with one activity_id apart", () => {
    given(bet(), settlement(0, { activity_id: "b" })).shows({ EUR: lost })
    given(bet(), settlement(0, { activity_id: "b" }), rollback({ activity_id: "b" })).shows({ EUR: open })
  })

  it("calls a bet free if any leg is", () => {
    const free = { ...open, free_bet_count: 1, free_bet_amount: "10" }
    given(bet({ bets: [leg(), leg(true)] })).shows({ EUR: free })
    given(bet({ bets: [leg(), leg(false)] })).shows({ EUR: open })
    given(bet({ bets: [] })).shows({ EUR: open })
    given(bet({ bets: null })).shows({ EUR: open })
  })

  it("counts cash-outs of settlements, not of bets", () => {
    given(bet({ is_cashout: true }), settlement(6, { is_cashout: true }), settlement(1, { activity_id: "t" })).shows({
      EUR: { ...won, return_amount: "7", biggest_return: "6", cashout_count: 1, cashout_amount: "6", ggr: "3" }
    })
  })

  it("adds up bets with their bonus part and their times", () => {
    given(
      bet({ bonus_wager_amount: 2.5 }),
      bet({ activity_id: "c", amount: 1, at: "2026-01-01T11:00:00Z", currency: "eur" }),
      bet({ activity_id: "d", amount: -3, at: "2026-01-04T00:00:00Z" }),
      settlement(9, { at: "2026-02-01T00:00:00Z", bonus_wager_amount: 50 })
    ).shows({
      EUR: {
        ...nothing,
        bet_count: 3,
        bet_amount: "8",
        bonus_bet_amount: "2.5",
        first_bet_at: "2026-01-01T11:00:00.000Z",
        last_bet_at: "2026-01-04T00:00:00.000Z",
        settled_bet_count: 1,
        settled_bet_amount: "10",
        open_bet_count: 2,
        open_bet_amount: "-2",
        won_bet_count: 1,
        return_amount: "9",
        biggest_return: "9",
        ggr: "1"
      }
    })
  })
})
