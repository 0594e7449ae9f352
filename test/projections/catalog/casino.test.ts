import { describe, expect, it } from "vitest"
import { casino } from "../../../src/projections/catalog/casino.ts"
import { evaluate } from "../../../src/projections/evaluate.ts"
import type { CasinoData, FastTrackItem } from "../../reference/FastTrackItem.ts"
import { eventsOf } from "./eventsOf.ts"

let serial = 0
const item = (type: CasinoData["type"], amount: CasinoData["amount"], data: Partial<CasinoData> = {}): FastTrackItem => ({
  event: "realtime-casino",
  data: {
    user_id: "u",
    timestamp: "2026-01-01T12:00:00Z",
    unique_id: String(serial++),
    game_id: "g",
    round_id: "r",
    type,
    amount,
    currency: "EUR",
    bonus_wager_amount: 0,
    ...data
  }
})
const given = (...items: ReadonlyArray<FastTrackItem>) => evaluate(casino, eventsOf(items), { timeZone: "UTC", now: 0 })
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
  it("is empty without events", () => expect(given()).toEqual({}))

  it("adds bets, their bonus part included", () => {
    expect(given(item("bet", 10, { bonus_wager_amount: 2.5 }), item("bet", { raw: "0.000000000000000001" }), item("bet", -1))).toEqual({
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
    expect(given(item("win", 3, { bonus_wager_amount: 1 }), item("win", 20.5), item("win", 4))).toEqual({
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
    expect(given(item("win", 0, bonus), item("win", -5, bonus), item("loss", 9, bonus), item("loss", 0))).toEqual({
      EUR: { ...nothing, loss_count: 4 }
    })
  })

  it("counts rollbacks beside what they undo, which need not be known", () => {
    expect(given(
      item("bet", 10, { unique_id: "b", bonus_wager_amount: 2 }),
      item("rollbackbet", 10, { unique_id: "b", bonus_wager_amount: 2 }),
      item("rollbackbet", 4),
      item("win", 8),
      item("rollbackwin", 8.5)
    )).toEqual({
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
    expect(given(
      item("bet", 1, { currency: "eur" }),
      item("rollbackwin", 1, { currency: "Eur", timestamp: "2026-01-01T11:00:00Z" }),
      item("loss", 0, { currency: "mBTC", timestamp: "2026-03-01T00:00:00.5+02:00" }),
      item("win", 0, { currency: "straße" })
    )).toEqual({
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
      STRASSE: { ...nothing, loss_count: 1 }
    })
  })
})
