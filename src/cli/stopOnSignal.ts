import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { defaultTeardown, type Teardown } from "effect/Runtime"

/** How much of this process's work is not done that is worth nothing half done. */
let halfDone = 0

// The runner stops listening as soon as the program has ended, some moments before the process has: a signal repeated in between would kill it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {})

/** The exit code of a program that ends: being told to stop, and having stopped in good order, is success (design §5), but see `failedIfStopped`. */
export const stopOnSignal: Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) && halfDone === 0 ? onExit(0) : defaultTeardown(exit, onExit)

/** For work that has an end, such as an export: a program that is stopped before it has not succeeded (exit code 130), and what follows must not run. */
export const failedIfStopped = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    halfDone++
    return Effect.onExit(work, (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit) || !Cause.hasInterruptsOnly(exit.cause)) halfDone--
      }))
  })
