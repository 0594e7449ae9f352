import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { defaultTeardown, type Teardown } from "effect/Runtime"

/** Work in progress that is worth nothing half done, as a count. */
let halfDone = 0

/**
 * Milliseconds in which a repeated signal counts as the same one.
 *
 * npm passes on a signal that the terminal or systemd has sent to the whole group.
 */
const echo = 1000

let firstSignal: number | undefined
const impatient = new Set<() => void>()

const hear = () => {
  const now = performance.now()
  firstSignal ??= now
  if (now - firstSignal >= echo) { for (const resume of impatient) resume() }
}

// The runner stops listening when the program has ended, some moments before the process ends. A
// signal repeated in between would kill the process.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, hear)

// A closed terminal sends SIGHUP. The runner only knows the other two signals.
process.on("SIGHUP", () => process.emit("SIGINT"))

/** Ends when the process is told to stop again, at least a second after the first time. */
export const signalledAgain: Effect.Effect<void> = Effect.callback((resume) => {
  const end = () => resume(Effect.void)
  impatient.add(end)
  return Effect.sync(() => impatient.delete(end))
})

/**
 * The exit code of a program that ends.
 *
 * A program that stops in good order when told to succeeds (docs/design.md#starting-and-stopping).
 * `failedIfStopped` makes an exception.
 */
export const stopOnSignal: Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) && halfDone === 0 ? onExit(0) : defaultTeardown(exit, onExit)

/**
 * Makes a program fail with exit code 130 if it is stopped before this work ends, such as an
 * export.
 *
 * A command that follows in the shell must not run then.
 */
export const failedIfStopped = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    halfDone++
    return Effect.onExit(work, (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit) || !Cause.hasInterruptsOnly(exit.cause)) halfDone--
      }))
  })
