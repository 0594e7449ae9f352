import * as Context from "effect/Context"
import { catalog } from "../../projections/catalog.ts"
import type { AnyProjection } from "../../projections/Projection.ts"

/** The projections that the commands know: the catalog of this code, unless somebody has others to try. */
export const KnownProjections = Context.Reference<ReadonlyArray<AnyProjection>>("playtally/cli/KnownProjections", {
  defaultValue: () => catalog
})
