import { runtimeZones } from "../../values/zones/runtimeZones.ts"
import { type AnyProjection, withZones } from "../projection/Projection.ts"
import { activity } from "./activity.ts"
import { leaderboards } from "./leaderboards.ts"
import { logins } from "./logins.ts"
import { sportsLeaderboards } from "./sportsLeaderboards.ts"

/**
 * Versions that were released before zone data was pinned. Their days are those of the runtime. A
 * database that has their rows goes on with them until version 2 is built and activated; other
 * databases never get them. A rule that changes here needs these to be made of the rule that was.
 */
export const formerVersions: ReadonlyArray<AnyProjection> = [logins, activity, leaderboards, sportsLeaderboards].map((projection) =>
  withZones(projection, { version: 1, zones: runtimeZones, isFormer: true })
)
