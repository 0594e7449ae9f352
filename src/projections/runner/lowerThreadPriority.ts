import * as Effect from "effect/Effect"
import { readlinkSync } from "node:fs"
import { getPriority, setPriority } from "node:os"
import { basename } from "node:path"

/**
 * In the scale of `nice`. The thread gets a third of a processor that it shares with one other
 * thread, and all of one that nothing else wants.
 */
const niceness = 5

/**
 * Lowers the priority of this thread, so that answers are faster while projections are fed.
 *
 * Works where threads have a priority of their own, as on Linux. Elsewhere it does nothing.
 */
export const lowerThreadPriority: Effect.Effect<void> = Effect.ignore(Effect.try(() => {
  // Read by this thread, it names this thread.
  const thread = Number(basename(readlinkSync("/proc/thread-self")))
  // A service that was started with a lower priority keeps it.
  setPriority(thread, Math.max(niceness, getPriority(thread)))
}))
