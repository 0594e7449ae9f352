import { describe, expect, it } from "vitest"
import { gameRounds } from "../../../src/projections/catalog/gameRounds.ts"
import { gameRound } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(gameRounds)
type Fields = NonNullable<Parameters<typeof gameRound>[0]>
const round = (bet: number | string, win: number | string, more: Fields = {}) =>
  gameRound({ total_bet_user: bet, total_win_user: win, ...more })

describe("game_rounds", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it("is empty without events", () => given().shows({}))

  it("adds up every field per currency of the user", () => {
    given(
      round(2, 5, { user_currency: "eur", bonus_bet_user: 1, bonus_win_user: 0.5, total_bet_base: 20, total_win_base: 50 }),
      round(3, 0, { at: "2026-01-01T11:59:59.999Z", meta_reporting_currency: "USD" }),
      round(1, -1, { at: "2026-01-02T00:00:00Z", total_bet_base: 0 }),
      round(1, 1, { user_currency: "uXBT" })
    ).shows({
      EUR: {
        round_count: 3,
        bet_amount: "6",
        bonus_bet_amount: "1",
        win_amount: "4",
        bonus_win_amount: "0.5",
        bet_base_amount: "20",
        win_base_amount: "50",
        won_round_count: 1,
        lost_round_count: 2,
        biggest_win: "5",
        biggest_multiplier: "2.5",
        ggr: "2",
        first_at: "2026-01-01T11:59:59.999Z",
        last_at: "2026-01-02T00:00:00.000Z"
      },
      UXBT: expect.objectContaining({ round_count: 1, biggest_multiplier: "1", ggr: "0" })
    })
  })

  it.each<[number | string, number | string, string]>([
    [3, 1, "0.3333"],
    [3, 2, "0.6667"],
    ["1e-30", "1e23", `1${"0".repeat(53)}`],
    // Exactly halfway, and the least that can be written below it.
    [1, 0.00005, "0.0001"],
    [1, "0.000049999999999999999999999999", "0"],
    [0, 5, "0"],
    [-1, 5, "0"],
    [-1, -5, "0"],
    [2, 0, "0"],
    [2, -9, "0"]
  ])("a bet of %j that wins %j has a multiplier of %s", (bet, win, multiplier) => {
    given(round(bet, win)).includes({ EUR: { biggest_multiplier: multiplier } })
  })

  it("keeps the biggest multiplier, which need not be the biggest win", () => {
    given(round(100, 300), round(1, 9), round(2, 17)).includes({ EUR: { biggest_win: "300", biggest_multiplier: "9" } })
  })
})
