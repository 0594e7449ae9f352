import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { performance } from "node:perf_hooks"

/** Milliseconds between two looks. */
const interval = 10

/**
 * Watches until the scope closes how late the event loop of this thread is. Gives the greatest
 * delay since it was last asked, in seconds: nothing else that the thread has to do begins sooner.
 *
 * A timer of our own: `monitorEventLoopDelay` of Node misses what begins right after a `reset`, and
 * measures nothing on Deno.
 */
export const eventLoopDelay: Effect.Effect<() => number, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      let last = performance.now()
      let greatest = 0
      const look = () => {
        const now = performance.now()
        greatest = Math.max(greatest, now - last - interval)
        last = now
      }
      const timer = setInterval(look, interval)
      timer.unref()
      const take = () => {
        // The caller may have waited too, and may run before the timer.
        look()
        const taken = greatest
        greatest = 0
        return taken / 1000
      }
      return { take, timer }
    }),
    ({ timer }) => Effect.sync(() => clearInterval(timer))
  ),
  ({ take }) => take
)
