import * as Schema from "effect/Schema"
import { isPositive } from "../../values/decimalArithmetic.ts"
import { Count } from "../../values/jsonValues.ts"
import { tally } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"

/**
 * Consecutive won rounds over all the user's game rounds, whatever their currency, in the order of
 * (timestamp, unique_id) (docs/design.md#win-streak).
 */
export const winStreak = Projection.make({
  name: "win_streak",
  version: 1,
  events: ["realtime-gameround"],
  ordered: {
    // Of the won rounds in a row: those at the beginning, those at the end, and the most anywhere.
    columns: { rounds: tally, opening: tally, current: tally, longest: tally },
    order: ({ data, occurredAt }) => [occurredAt, data.unique_id],
    one: ({ data }) => {
      const won = isPositive(data.total_win_user) ? 1 : 0
      return { rounds: 1, opening: won, current: won, longest: won }
    },
    combine: (earlier, later) => ({
      rounds: earlier.rounds + later.rounds,
      opening: earlier.opening === earlier.rounds ? earlier.rounds + later.opening : earlier.opening,
      current: later.current === later.rounds ? earlier.current + later.rounds : later.current,
      longest: Math.max(earlier.longest, later.longest, earlier.current + later.opening)
    })
  },
  section: {
    schema: Schema.Struct({
      current: Count.annotateKey({ description: "Won rounds since the last one that was not" }),
      longest: Count.annotateKey({ description: "Most won rounds in a row" })
    }).annotate({ identifier: "WinStreak", description: "Game rounds of all currencies, in the order of timestamp, then unique_id" }),
    present: ([summary]) => ({ current: summary?.current ?? 0, longest: summary?.longest ?? 0 })
  }
})
