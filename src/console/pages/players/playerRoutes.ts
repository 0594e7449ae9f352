import { erasePlayer } from "./erasePlayer.ts"
import { explainPage } from "./explanation.ts"
import { playerBoards } from "./playerBoards.ts"
import { playerGames } from "./playerGames.ts"
import { countersPart, playerPage } from "./playerPage.ts"
import { playerRejected } from "./playerRejected.ts"
import { playersPage } from "./playersPage.ts"
import { timelinePage } from "./timeline.ts"

/** The players of a tenant, and each with all that is known. */
export const playerRoutes = [
  playersPage,
  playerPage,
  countersPart,
  explainPage,
  timelinePage,
  playerGames,
  playerBoards,
  playerRejected,
  erasePlayer
]
