import { describe, it } from "vitest"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { bet, loss, rollbackBet, rollbackWin, win } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(casino)
const at = "2026-01-01T12:00:00.000Z"
const nothing = {
  bet_count: 0,
  bet_amount: "0",
  bonus_bet_amount: "0",
  win_count: 0,
  win_amount: "0",
  bonus_win_amount: "0",
  biggest_win: "0",
  loss_count: 0,
  rolled_back_bet_count: 0,
  rolled_back_bet_amount: "0",
  rolled_back_win_count: 0,
  rolled_back_win_amount: "0",
  net_bet_amount: "0",
  net_win_amount: "0",
  ggr: "0",
  first_at: at,
  last_at: at
}

describe("casino", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it("is empty without events", () => given().shows({}))

  it("adds bets, their bonus part included", () => {
    given(bet({ amount: 10, bonus_wager_amount: 2.5 }), bet({ amount: "0.000000000000000001" }), bet({ amount: -1 })).shows({
      EUR: {
        ...nothing,
        bet_count: 3,
        bet_amount: "9.000000000000000001",
        bonus_bet_amount: "2.5",
        net_bet_amount: "9.000000000000000001",
        ggr: "9.000000000000000001"
      }
    })
  })

  it("adds wins above 0 and keeps the biggest", () => {
    given(win({ amount: 3, bonus_wager_amount: 1 }), win({ amount: 20.5 }), win({ amount: 4 })).shows({
      EUR: {
        ...nothing,
        win_count: 3,
        win_amount: "27.5",
        bonus_win_amount: "1",
        biggest_win: "20.5",
        net_win_amount: "27.5",
        ggr: "-27.5"
      }
    })
  })

  it("takes wins of 0 or less for losses and adds none of their amounts", () => {
    const bonus = { bonus_wager_amount: 7 }
    given(win({ amount: 0, ...bonus }), win({ amount: -5, ...bonus }), loss({ amount: 9, ...bonus }), loss({ amount: 0 })).shows({
      EUR: { ...nothing, loss_count: 4 }
    })
  })

  it("counts rollbacks beside what they undo, which need not be known", () => {
    given(
      bet({ amount: 10, unique_id: "b", bonus_wager_amount: 2 }),
      rollbackBet({ amount: 10, unique_id: "b", bonus_wager_amount: 2 }),
      rollbackBet({ amount: 4 }),
      win({ amount: 8 }),
      rollbackWin({ amount: 8.5 })
    ).shows({
      EUR: {
        ...nothing,
        bet_count: 1,
        bet_amount: "10",
        bonus_bet_amount: "2",
        win_count: 1,
        win_amount: "8",
        biggest_win: "8",
        rolled_back_bet_count: 2,
        rolled_back_bet_amount: "14",
        rolled_back_win_count: 1,
        rolled_back_win_amount: "8.5",
        net_bet_amount: "-4",
        net_win_amount: "-0.5",
        ggr: "-3.5"
      }
    })
  })

  it("keeps currencies apart, upper-cased, with the times of all their events", () => {
    given(
      bet({ amount: 1, currency: "eur" }),
      rollbackWin({ amount: 1, currency: "Eur", at: "2026-01-01T11:00:00Z" }),
      loss({ amount: 0, currency: "mBTC", at: "2026-03-01T00:00:00.5+02:00" }),
      win({ amount: 0, currency: "straße" })
    ).shows({
      EUR: {
        ...nothing,
        bet_count: 1,
        bet_amount: "1",
        net_bet_amount: "1",
        rolled_back_win_count: 1,
        rolled_back_win_amount: "1",
        net_win_amount: "-1",
        ggr: "2",
        first_at: "2026-01-01T11:00:00.000Z"
      },
      MBTC: { ...nothing, loss_count: 1, first_at: "2026-02-28T22:00:00.500Z", last_at: "2026-02-28T22:00:00.500Z" },
      "STRAßE": { ...nothing, loss_count: 1 }
    })
  })
})
