import { activity } from "./catalog/activity.ts"
import { casino } from "./catalog/casino.ts"
import { casinoByGame } from "./catalog/casinoByGame.ts"
import { gameRounds } from "./catalog/gameRounds.ts"
import { gameRoundsByGame } from "./catalog/gameRoundsByGame.ts"
import { leaderboards } from "./catalog/leaderboards.ts"
import { logins } from "./catalog/logins.ts"
import { payments } from "./catalog/payments.ts"
import { profile } from "./catalog/profile.ts"
import { sports } from "./catalog/sports.ts"
import { sportsLeaderboards } from "./catalog/sportsLeaderboards.ts"
import { uncounted } from "./catalog/uncounted.ts"
import { winStreak } from "./catalog/winStreak.ts"
import type { AnyProjection } from "./Projection.ts"

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
