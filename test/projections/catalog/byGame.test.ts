import { describe, expect, it } from "vitest"
import { casinoByGame } from "../../../src/projections/catalog/casinoByGame.ts"
import { gameRoundsByGame } from "../../../src/projections/catalog/gameRoundsByGame.ts"
import { gameKey } from "../../../src/projections/projection/byGame.ts"
import { gameName } from "../../oracle/referenceGames.ts"
import { bet, gameRound, loss, rollbackBet, win } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const casino = projectionSpec(casinoByGame)
const rounds = projectionSpec(gameRoundsByGame)

describe("casino_by_game", () => {
  it("keeps the laws of folds", casino.keepsTheLaws)

  it("counts each game and currency by itself", () => {
    casino.given(bet({ game_id: "a" }), win({ game_id: "a", amount: "4" }), bet({ game_id: "a", currency: "usd" }), loss({ game_id: "B" }))
      .when(rollbackBet({ game_id: "b" }))
      .includes({
        a: { EUR: { bet_count: 1, bet_amount: "10", win_count: 1, biggest_win: "4", ggr: "6" }, USD: { bet_count: 1, win_count: 0 } },
        B: { EUR: { bet_count: 0, loss_count: 1, first_at: "2026-01-01T12:00:00.000Z" } },
        b: { EUR: { rolled_back_bet_count: 1, net_bet_amount: "-10" } }
      })
  })
})

describe("game_rounds_by_game", () => {
  it("keeps the laws of folds", rounds.keepsTheLaws)

  it("counts each game and currency by itself", () => {
    rounds.given(
      gameRound({ game_id: "a", total_win_user: "25" }),
      gameRound({ game_id: "a" }),
      gameRound({ game_id: "c", user_currency: "SEK" })
    )
      .includes({
        a: { EUR: { round_count: 2, bet_amount: "20", won_round_count: 1, biggest_multiplier: "2.5" } },
        c: { SEK: { round_count: 1, lost_round_count: 1 } }
      })
  })
})

describe("gameKey", () => {
  it("is the id itself up to 256 characters, whatever they are", () => {
    for (const id of ["", "slots", "x".repeat(256), "😀".repeat(256)]) expect(gameKey(id)).toBe(id)
  })

  it("is a short one of its own for every longer id", () => {
    const ids = ["x".repeat(257), "😀".repeat(257), `${"x".repeat(257)}y`, `${"😀".repeat(4095)}a`, `${"😀".repeat(4095)}b`]
    const keys = ids.map(gameKey)
    expect(new Set(keys).size).toBe(ids.length)
    expect(keys).toEqual(ids.map(gameName))
    for (const key of keys) {
      expect([...key].length).toBe(256)
      expect(key.isWellFormed()).toBe(true)
    }
  })
})
