import * as Schema from "effect/Schema"
import { count } from "../../../src/projections/projection/Column.ts"
import * as Projection from "../../../src/projections/projection/Projection.ts"

/**
 * Counts bets per game, cannot fold a game named "poison" and cannot store one named "unstorable".
 */
export const counted = Projection.make({
  name: "counted",
  version: 1,
  events: ["realtime-casino"],
  totals: { key: ["game"], columns: { bets: count } },
  contribute: ({ data }) => {
    if (data.game_id === "poison") throw new Error("cannot fold poison")
    return [{ game: data.game_id === "unstorable" ? "un\0storable" : data.game_id, bets: 1 }]
  },
  section: {
    schema: Schema.Unknown,
    present: (rows) => Object.fromEntries(rows.map((row) => [String(row["game"]), row["bets"]]))
  }
})
