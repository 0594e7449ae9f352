import { describe, expect, it } from "vitest"
import { sports } from "../../../src/projections/catalog/sports.ts"
import type { FastTrackItem, SportsBetData, SportsLeg, WireNumber } from "../../reference/FastTrackItem.ts"
import { inEveryOrder } from "./inEveryOrder.ts"

const item = (type: string, status: string, data: Partial<SportsBetData>): FastTrackItem => ({
  event: "realtime-sports-bet",
  data: {
    user_id: "u",
    timestamp: "2026-01-01T12:00:00Z",
    activity_id: "b",
    activity_id_reference: "",
    type,
    status,
    amount: 10,
    bonus_wager_amount: 0,
    currency: "EUR",
    bet_type: "Single",
    ...data
  }
})
const bet = (data: Partial<SportsBetData> = {}) => item("Bet", "Approved", data)
const settlement = (amount: WireNumber, data: Partial<SportsBetData> = {}) =>
  item("Settlement", "Approved", { activity_id: "s", activity_id_reference: "b", amount, ...data })
const betRollback = item("Bet", "Rollback", {})
const rollback = (data: Partial<SportsBetData> = {}) =>
  item("Settlement", "Rollback", { activity_id: "s", activity_id_reference: "b", ...data })
const leg = (is_free_bet?: boolean): SportsLeg => ({
  tournament_name: "t",
  sports_name: "s",
  odds: 2,
  is_risk_free_bet: true,
  ...is_free_bet === undefined ? {} : { is_free_bet }
})
const given = (...items: ReadonlyArray<FastTrackItem>) => inEveryOrder(sports, items)

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
  it("counts a bet as open until it is settled", () => {
    expect(given(bet())).toEqual({ EUR: open })
    expect(given(bet(), settlement(62.5))).toEqual({ EUR: { ...won, return_amount: "62.5", biggest_return: "62.5", ggr: "-52.5" } })
    expect(given(bet(), settlement(0))).toEqual({ EUR: lost })
  })

  it("reads type and status in any letter case", () => {
    expect(given(item("BET", "approved", {}))).toEqual({ EUR: open })
    expect(given(bet(), item("bet", "ROLLBAC\u212a", {}))).toEqual({})
  })

  it.each([["Refund", "Approved"], ["Win", "Approved"], ["bet ", "approved"], ["Bet", "Cancelled"], ["Settlement", "Open"], [
    "bet approved",
    "x"
  ]])(
    "does not count type %j with status %j",
    (type, status) => expect(given(item(type, status, {}))).toEqual({})
  )

  it("takes a bet that was rolled back out, but not its settlements", () => {
    expect(given(bet(), betRollback)).toEqual({})
    expect(given(bet(), betRollback, settlement(4))).toEqual({
      EUR: { ...nothing, return_amount: "4", biggest_return: "4", ggr: "-4" }
    })
  })

  it("opens a bet again whose settlement was rolled back", () => {
    expect(given(bet(), settlement(4), rollback())).toEqual({ EUR: open })
    expect(given(settlement(4), rollback())).toEqual({})
    expect(given(rollback(), bet())).toEqual({ EUR: open })
  })

  it("takes off what the approved settlement said, whatever its rollback says", () => {
    const other = rollback({ activity_id_reference: "other", amount: 1, currency: "USD" })
    expect(given(bet(), settlement(4), other, bet({ activity_id: "other" }))).toEqual({
      EUR: { ...open, bet_count: 2, bet_amount: "20", open_bet_count: 2, open_bet_amount: "20" }
    })
  })

  it("adds up the returns of all of a bet's settlements", () => {
    const second = settlement(-5, { activity_id: "t" })
    expect(given(bet(), settlement(5), second)).toEqual({ EUR: { ...lost, biggest_return: "5" } })
    expect(given(bet(), settlement(5), second, rollback({ activity_id: "t" }))).toEqual({
      EUR: { ...won, return_amount: "5", biggest_return: "5", ggr: "5" }
    })
    expect(given(bet(), settlement({ raw: "0.30" }), settlement(-0.1, { activity_id: "t" }), settlement(-0.2, { activity_id: "v" })))
      .toEqual({
        EUR: { ...lost, biggest_return: "0.3" }
      })
  })

  it("wins by returns in any currency, and adds each in its own", () => {
    expect(given(bet({ currency: "usd" }), settlement(-1), settlement(2, { activity_id: "t", currency: "sek" }))).toEqual({
      USD: { ...won, ggr: "10" },
      EUR: { ...nothing, return_amount: "-1", ggr: "1" },
      SEK: { ...nothing, return_amount: "2", biggest_return: "2", ggr: "-2" }
    })
  })

  it("counts settlements that name no bet", () => {
    const tooLong = "😀".repeat(257)
    for (const activity_id_reference of ["", "B", "b ", tooLong]) {
      expect(given(bet(), settlement(3, { activity_id_reference }))).toEqual({
        EUR: { ...open, return_amount: "3", biggest_return: "3", ggr: "-3" }
      })
    }
  })

  it("finds a bet by the longest id there is", () => {
    const activity_id = "😀".repeat(256)
    expect(given(bet({ activity_id }), settlement(0, { activity_id_reference: activity_id }))).toEqual({ EUR: lost })
  })

  it("keeps a bet and a settlement with one activity_id apart", () => {
    expect(given(bet(), settlement(0, { activity_id: "b" }))).toEqual({ EUR: lost })
    expect(given(bet(), settlement(0, { activity_id: "b" }), rollback({ activity_id: "b" }))).toEqual({ EUR: open })
  })

  it("calls a bet free if any leg is", () => {
    const free = { ...open, free_bet_count: 1, free_bet_amount: "10" }
    expect(given(bet({ bets: [leg(), leg(true)] }))).toEqual({ EUR: free })
    expect(given(bet({ bets: [leg(), leg(false)] }))).toEqual({ EUR: open })
    expect(given(bet({ bets: [] }))).toEqual({ EUR: open })
    expect(given(bet({ bets: null }))).toEqual({ EUR: open })
  })

  it("counts cash-outs of settlements, not of bets", () => {
    expect(given(bet({ is_cashout: true }), settlement(6, { is_cashout: true }), settlement(1, { activity_id: "t" }))).toEqual({
      EUR: { ...won, return_amount: "7", biggest_return: "6", cashout_count: 1, cashout_amount: "6", ggr: "3" }
    })
  })

  it("adds up bets with their bonus part and their times", () => {
    expect(given(
      bet({ bonus_wager_amount: 2.5 }),
      bet({ activity_id: "c", amount: 1, timestamp: "2026-01-01T11:00:00Z", currency: "eur" }),
      bet({ activity_id: "d", amount: -3, timestamp: "2026-01-04T00:00:00Z" }),
      settlement(9, { timestamp: "2026-02-01T00:00:00Z", bonus_wager_amount: 50 })
    )).toEqual({
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
