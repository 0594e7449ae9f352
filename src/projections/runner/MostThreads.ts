import * as Context from "effect/Context"
import { availableParallelism } from "node:os"

/**
 * The most projections' threads of a process: all processors but the one that answers requests.
 */
export const MostThreads = Context.Reference<number>("playtally/projections/MostThreads", {
  defaultValue: () => Math.max(1, availableParallelism() - 1)
})

/** How many databases a thread feeds at most, of those of a process. */
export const placesOfThread = (databases: number, most: number): number => Math.ceil(databases / most)
