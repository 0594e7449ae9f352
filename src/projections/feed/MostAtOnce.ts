import * as Context from "effect/Context"

/**
 * The most events of a user whose rows are rebuilt in one transaction: about three seconds of work
 * with the slice's checkpoint in hand. Those of others are rebuilt in steps.
 */
export const MostAtOnce = Context.Reference<number>("playtally/projections/MostAtOnce", { defaultValue: () => 30_000 })
