import { describe, it } from "vitest"
import { activity } from "../../../src/projections/catalog/activity.ts"
import {
  bet,
  gameRound,
  login,
  loss,
  payment,
  registration,
  rollbackBet,
  rollbackWin,
  settlement,
  sportsBet,
  win
} from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(activity)
const date = "2026-01-01"
const casino = {
  bet_count: 0,
  bet_amount: "0",
  win_count: 0,
  win_amount: "0",
  rolled_back_bet_count: 0,
  rolled_back_bet_amount: "0",
  rolled_back_win_count: 0,
  rolled_back_win_amount: "0"
}
const play = { bet_count: 0, bet_amount: "0", win_count: 0, win_amount: "0" }
const paid = { deposit_count: 0, deposit_amount: "0", withdrawal_count: 0, withdrawal_amount: "0" }
const on = (date: string, product: string, currency: string | null, figures: object) => ({ date, product, currency, figures })

describe("activity", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it("counts casino bets and wins gross, and rollbacks on their own dates", () => {
    given(bet({ amount: "10.5" }), bet({ amount: "2" }), win({ amount: "3" }))
      .shows([on(date, "casino", "EUR", { ...casino, bet_count: 2, bet_amount: "12.5", win_count: 1, win_amount: "3" })])
      .when(rollbackBet({ amount: "2", at: "2026-01-03T00:00:00Z" }), rollbackWin({ amount: "3", at: "2025-12-31T23:59:59.999Z" }))
      .shows([
        on("2025-12-31", "casino", "EUR", { ...casino, rolled_back_win_count: 1, rolled_back_win_amount: "3" }),
        on(date, "casino", "EUR", { ...casino, bet_count: 2, bet_amount: "12.5", win_count: 1, win_amount: "3" }),
        on("2026-01-03", "casino", "EUR", { ...casino, rolled_back_bet_count: 1, rolled_back_bet_amount: "2" })
      ])
  })

  it("has no day for a loss, however it is said, nor for an account update", () => {
    given(loss(), win({ amount: "0" }), win({ amount: "-1" }), registration()).shows([])
  })

  it("counts rounds as bets of their own product", () => {
    given(bet(), gameRound({ total_bet_user: "4", total_win_user: "5" }), gameRound()).shows([
      on(date, "casino", "EUR", { ...casino, bet_count: 1, bet_amount: "10" }),
      on(date, "game_rounds", "EUR", { bet_count: 2, bet_amount: "14", win_count: 1, win_amount: "5" })
    ])
  })

  it("counts a payment on the date of its approval, and not at all once it is rolled back", () => {
    const at = "2026-01-05T12:00:00Z"
    given(payment({ payment_id: "p", status: "Requested" })).shows([])
      .when(payment({ payment_id: "p", status: "approved", amount: "25", at }))
      .shows([on("2026-01-05", "payments", "EUR", { ...paid, deposit_count: 1, deposit_amount: "25" })])
      .when(payment({ payment_id: "p", status: "Rejected" }))
      .shows([on("2026-01-05", "payments", "EUR", { ...paid, deposit_count: 1, deposit_amount: "25" })])
      .when(payment({ payment_id: "p", status: "Rollback", at: "2026-02-01T00:00:00Z" })).shows([])
  })

  it("moves a payment to the date of the approval that speaks for it", () => {
    given(payment({ payment_id: "p", type: "deposit", amount: "7", at: "2026-01-06T00:00:00Z" }))
      .shows([on("2026-01-06", "payments", "EUR", { ...paid, deposit_count: 1, deposit_amount: "7" })])
      .when(payment({ payment_id: "p", type: "credit", amount: "8", currency: "usd", at: "2026-01-05T00:00:00Z" }))
      .shows([on("2026-01-05", "payments", "USD", { ...paid, deposit_count: 1, deposit_amount: "8" })])
  })

  it("keeps deposits and withdrawals of one payment_id apart", () => {
    given(payment({ payment_id: "p" }), payment({ payment_id: "p", type: "debit", amount: "4" })).shows([
      on(date, "payments", "EUR", { deposit_count: 1, deposit_amount: "10", withdrawal_count: 1, withdrawal_amount: "4" })
    ])
  })

  it("counts sports bets on their dates and returns on those of the settlements, while they stand", () => {
    const [placed, settled] = [on(date, "sports", "EUR", { ...play, bet_count: 1, bet_amount: "10" }), "2026-01-02T12:00:00Z"]
    given(sportsBet({ activity_id: "b" })).shows([placed])
      .when(settlement({ activity_id: "s", activity_id_reference: "b", amount: "62.5", at: settled }))
      .shows([placed, on("2026-01-02", "sports", "EUR", { ...play, win_count: 1, win_amount: "62.5" })])
      .when(settlement({ activity_id: "s", status: "Rollback", at: "2026-01-09T00:00:00Z" })).shows([placed])
      .when(sportsBet({ activity_id: "b", status: "rollback" })).shows([])
  })

  it("adds negative returns, wins none of them, and has no day for a return of nothing", () => {
    given(settlement({ amount: "0" })).shows([])
      .when(settlement({ amount: "-3" })).shows([on(date, "sports", "EUR", { ...play, win_amount: "-3" })])
  })

  it("counts logins without a currency, and orders by date, product and currency", () => {
    given(
      login(),
      login({ at: "2026-01-01T23:59:59Z" }),
      sportsBet({ currency: "sek" }),
      sportsBet({ currency: "eur" }),
      bet(),
      login({ at: "2025-12-31T08:00:00Z" })
    )
      .shows([
        on("2025-12-31", "logins", null, { login_count: 1 }),
        on(date, "casino", "EUR", { ...casino, bet_count: 1, bet_amount: "10" }),
        on(date, "logins", null, { login_count: 2 }),
        on(date, "sports", "EUR", { ...play, bet_count: 1, bet_amount: "10" }),
        on(date, "sports", "SEK", { ...play, bet_count: 1, bet_amount: "10" })
      ])
  })

  it("begins days in the tenant's zone, also on those with 23 and 25 hours", () => {
    const { given } = projectionSpec(activity, { timeZone: "America/New_York" })
    const instants = [
      ["2026-03-08T04:59:59.999Z", "2026-03-07"],
      ["2026-03-08T05:00:00Z", "2026-03-08"],
      // The clocks went forward: this day ends an hour early.
      ["2026-03-09T03:59:59.999Z", "2026-03-08"],
      ["2026-03-09T04:00:00Z", "2026-03-09"],
      ["2026-11-01T03:59:59.999Z", "2026-10-31"],
      ["2026-11-02T04:59:59.999Z", "2026-11-01"],
      ["2026-11-02T05:00:00Z", "2026-11-02"]
    ] as const
    for (const [at, date] of instants) {
      given(login({ at })).shows([on(date, "logins", null, { login_count: 1 })])
      given(payment({ at })).includes([{ date, product: "payments" }])
      given(settlement({ at })).includes([{ date, product: "sports" }])
      given(gameRound({ at })).includes([{ date, product: "game_rounds" }])
    }
  })
})
