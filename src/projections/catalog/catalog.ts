import type { AnyProjection } from "../projection/Projection.ts"
import { activity } from "./activity.ts"
import { casino } from "./casino.ts"
import { casinoByGame } from "./casinoByGame.ts"
import { gameRounds } from "./gameRounds.ts"
import { gameRoundsByGame } from "./gameRoundsByGame.ts"
import { leaderboards } from "./leaderboards.ts"
import { logins } from "./logins.ts"
import { payments } from "./payments.ts"
import { profile } from "./profile.ts"
import { sports } from "./sports.ts"
import { sportsLeaderboards } from "./sportsLeaderboards.ts"
import { uncounted } from "./uncounted.ts"
import { winStreak } from "./winStreak.ts"

/**
 * Every projection that is run: first those of the counters document, in the order in which it
 * shows them, then those that are read apart.
 */
export const catalog: ReadonlyArray<AnyProjection> = [
  casino,
  gameRounds,
  payments,
  sports,
  winStreak,
  logins,
  profile,
  casinoByGame,
  gameRoundsByGame,
  activity,
  leaderboards,
  sportsLeaderboards,
  uncounted
]
