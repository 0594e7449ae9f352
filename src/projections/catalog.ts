import { casino } from "./catalog/casino.ts"
import { gameRounds } from "./catalog/gameRounds.ts"
import { logins } from "./catalog/logins.ts"
import { payments } from "./catalog/payments.ts"
import { profile } from "./catalog/profile.ts"
import { sports } from "./catalog/sports.ts"
import type { AnyProjection } from "./Projection.ts"

/** Every projection that is run, in the order in which the counters document shows them. */
export const catalog: ReadonlyArray<AnyProjection> = [casino, gameRounds, payments, sports, logins, profile]
