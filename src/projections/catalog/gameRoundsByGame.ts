import { byGame, gameKey } from "../projection/byGame.ts"
import * as Projection from "../projection/Projection.ts"
import { gameRoundColumns, gameRoundFigures } from "./gameRounds.ts"

/**
 * The game round counters per game and currency, for missions on chosen games
 * (docs/design.md#games).
 */
export const gameRoundsByGame = Projection.make({
  name: "game_rounds_by_game",
  version: 1,
  events: ["realtime-gameround"],
  totals: { key: ["game_id", "currency"], columns: gameRoundColumns },
  contribute: (event) => [{ ...gameRoundFigures(event), game_id: gameKey(event.data.game_id) }],
  section: byGame(gameRoundColumns),
  separateDocument: true
})
