import * as Effect from "effect/Effect"
import { readlinkSync } from "node:fs"
import { getPriority, setPriority } from "node:os"
import { basename } from "node:path"

/**
 * As `nice` has it: a third of a processor where another thread would have the rest, and all of one
 * that nobody else wants.
 */
const niceness = 5

/**
 * Lets the machine prefer whatever else wants its processors to this thread, where threads have a
 * priority of their own, as on Linux. Elsewhere it does nothing: it makes nothing right or wrong,
 * only answers faster while projections are fed beside them.
 */
export const lowerThreadPriority: Effect.Effect<void> = Effect.ignore(Effect.try(() => {
  // Read by this thread, it names this thread.
  const thread = Number(basename(readlinkSync("/proc/thread-self")))
  // Whoever started the service with a lower one meant it.
  setPriority(thread, Math.max(niceness, getPriority(thread)))
}))
