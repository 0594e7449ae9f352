import * as Context from "effect/Context"
import { releasedVersions } from "../../projections/own/ownProjections.ts"
import type { AnyProjection } from "../../projections/projection/Projection.ts"

/**
 * The projections that the commands know: those of this code, unless somebody has others to try.
 */
export const KnownProjections = Context.Reference<ReadonlyArray<AnyProjection>>("playtally/cli/KnownProjections", {
  defaultValue: () => releasedVersions
})
