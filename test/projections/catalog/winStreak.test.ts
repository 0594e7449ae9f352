import { describe, it } from "vitest"
import { winStreak } from "../../../src/projections/catalog/winStreak.ts"
import { gameRound } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const { given, keepsTheLaws } = projectionSpec(winStreak)
type Fields = NonNullable<Parameters<typeof gameRound>[0]>
const won = (minute: number, more: Fields = {}) => gameRound({ at: `2026-01-01T12:${minute}:00Z`, total_win_user: "0.01", ...more })
const lost = (minute: number, more: Fields = {}) => gameRound({ at: `2026-01-01T12:${minute}:00Z`, total_win_user: "0", ...more })

describe("win_streak", () => {
  it("keeps the laws of folds", keepsTheLaws)

  it("is 0 without rounds", () => given().shows({ current: 0, longest: 0 }))

  it("counts the won rounds since the last that was not, and the most in a row", () => {
    given(won(10), won(11)).shows({ current: 2, longest: 2 })
      .when(lost(12)).shows({ current: 0, longest: 2 })
      .when(won(13)).shows({ current: 1, longest: 2 })
      .when(won(14), won(15)).shows({ current: 3, longest: 3 })
  })

  it("is mended by a late round that was won, and broken by one that was not", () => {
    given(lost(10), won(11), won(13), won(14)).shows({ current: 3, longest: 3 })
      .when(won(12)).shows({ current: 4, longest: 4 })
      .when(lost(12, { at: "2026-01-01T12:12:30Z" })).shows({ current: 2, longest: 2 })
      .when(won(15)).shows({ current: 3, longest: 3 })
  })

  it("takes rounds at one time in the order of the bytes of their ids", () => {
    given(lost(10, { unique_id: "10" }), won(10, { unique_id: "9" })).shows({ current: 1, longest: 1 })
    // In UTF-16 the emoji would come first.
    given(lost(10, { unique_id: "😀" }), won(10, { unique_id: "\uff5e" })).shows({ current: 0, longest: 1 })
  })

  it("goes on from one currency and game to another", () => {
    given(won(10), won(11, { user_currency: "SEK", game_id: "other" })).shows({ current: 2, longest: 2 })
  })

  it("takes a round that won less than nothing for lost", () => {
    given(won(10), lost(11, { total_win_user: "-5" })).shows({ current: 0, longest: 1 })
  })
})
