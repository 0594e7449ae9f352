import { byGame, gameKey } from "../projection/byGame.ts"
import * as Projection from "../projection/Projection.ts"
import { casinoColumns, casinoFigures } from "./casino.ts"

/**
 * The casino counters per game and currency, for missions on chosen games (docs/design.md#games).
 */
export const casinoByGame = Projection.make({
  name: "casino_by_game",
  version: 1,
  events: ["realtime-casino"],
  totals: { key: ["game_id", "currency"], columns: casinoColumns },
  contribute: (event) => [{ ...casinoFigures(event), game_id: gameKey(event.data.game_id) }],
  section: byGame(casinoColumns),
  separateDocument: true
})
