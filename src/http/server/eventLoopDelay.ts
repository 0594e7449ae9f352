import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { performance } from "node:perf_hooks"

/** Milliseconds between two checks. */
const interval = 10

/**
 * Watches the delay of this thread's event loop until the scope closes.
 *
 * It gives the greatest delay in seconds since the last call. Everything else that the thread has
 * to do begins as late.
 *
 * It has a timer of its own. Node's `monitorEventLoopDelay` misses a delay that begins right after
 * a `reset`, and measures nothing on Deno.
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
        // The caller may have waited as well, and may run before the timer.
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
