import { describe, expect, it } from "vitest"
import { leaderboards } from "../../../src/projections/catalog/leaderboards.ts"
import { sportsLeaderboards } from "../../../src/projections/catalog/sportsLeaderboards.ts"
import { evaluate } from "../../../src/projections/fold/evaluate.ts"
import { bet, gameRound, login, loss, rollbackBet, rollbackWin, settlement, sportsBet, win } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(leaderboards)
const sports = projectionSpec(sportsLeaderboards)
const noon = "2026-01-01T12:00:00.000Z"

/** A standing in each of the periods of noon of 1 January 2026, a Thursday. */
const everywhere = (board: string, score: string | number, reached_at = noon, currency = "EUR") =>
  [["all", ""], ["day", "2026-01-01"], ["month", "2026-01-01"], ["week", "2025-12-29"]].map(([period, start]) => ({
    board,
    period,
    start,
    currency,
    score,
    reached_at
  }))

describe("leaderboards", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it("counts casino bets less those rolled back, and nothing else of the casino", () => {
    given(bet({ amount: "10", currency: "eur" }), win(), loss(), rollbackWin()).shows(everywhere("casino_turnover", "10"))
      .when(rollbackBet({ amount: "10.5", at: "2026-01-01T13:00:00Z" }))
      .shows(everywhere("casino_turnover", "-0.5", "2026-01-01T13:00:00.000Z"))
  })

  it("leaves out what has no effect on a score", () => {
    given(bet({ amount: "0" }), rollbackBet({ amount: "-0" }), gameRound({ total_bet_user: "0" })).shows([])
  })

  it("ranks rounds by what was bet, won and multiplied", () => {
    given(gameRound({ total_bet_user: "3", total_win_user: "2" })).shows([
      ...everywhere("biggest_multiplier", "0.6667"),
      ...everywhere("round_turnover", "3"),
      ...everywhere("round_wins", 1)
    ])
  })

  it("reaches a multiplier when it first came, whatever came later", () => {
    given(
      gameRound({ total_win_user: "50" }),
      gameRound({ total_win_user: "50", at: "2026-01-01T11:00:00.001Z" }),
      gameRound({ total_win_user: "49" })
    ).shows([
      ...everywhere("biggest_multiplier", "5", "2026-01-01T11:00:00.001Z"),
      ...everywhere("round_turnover", "30"),
      ...everywhere("round_wins", 3)
    ])
  })

  it("takes the longest streak of dates, at the date it was reached", () => {
    const streak = (
      score: number,
      reached_at: string
    ) => [{ board: "login_streak", period: "all", start: "", currency: "", score, reached_at }]
    given(login(), login({ at: "2026-01-03T00:00:00Z" })).shows(streak(1, "2026-01-01"))
      .when(login({ at: "2026-01-02T23:59:59Z" })).shows(streak(3, "2026-01-03"))
  })

  it("begins weeks with the tenant's first day, days and months in the tenant's zone", () => {
    const standings = evaluate(leaderboards, [bet({ at: "2026-02-01T04:59:59Z" })], { timeZone: "America/New_York", weekStart: 7, now: 0 })
    // It is Saturday, 31 January there.
    expect(standings).toMatchObject([{ start: "" }, { start: "2026-01-31" }, { start: "2026-01-01" }, { start: "2026-01-25" }])
  })
})

describe("sports_leaderboards", () => {
  it("keeps the laws of folds", sports.keepsTheLaws)

  it("counts bets while they stand, on the date of their approval, and no settlement", () => {
    sports.given(sportsBet({ activity_id: "s", amount: "4", status: "Pending" }), settlement()).shows([])
      .when(sportsBet({ activity_id: "s", amount: "4" }), sportsBet({ amount: "0" })).shows(everywhere("sports_turnover", "4"))
      .when(sportsBet({ activity_id: "s", amount: "4", status: "Rollback", at: "2026-02-02T00:00:00Z" })).shows([])
  })
})
