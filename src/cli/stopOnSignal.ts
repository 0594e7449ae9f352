import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { defaultTeardown, type Teardown } from "effect/Runtime"

/** How much of this process's work is not done that is worth nothing half done. */
let halfDone = 0

/**
 * Milliseconds in which a repeated signal is the same one: npm passes on what the terminal, or
 * systemd, has sent to the whole group.
 */
const echo = 1000

let firstSignal: number | undefined
const impatient = new Set<() => void>()

const hear = () => {
  const now = performance.now()
  firstSignal ??= now
  if (now - firstSignal >= echo) { for (const resume of impatient) resume() }
}

// The runner stops listening as soon as the program has ended, some moments before the process has:
// a signal repeated in between would kill it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, hear)

// A terminal that is closed sends it. The runner knows only the other two.
process.on("SIGHUP", () => process.emit("SIGINT"))

/** Ends when the process is told to stop again, at least a second after the first time. */
export const signalledAgain: Effect.Effect<void> = Effect.callback((resume) => {
  const end = () => resume(Effect.void)
  impatient.add(end)
  return Effect.sync(() => impatient.delete(end))
})

/**
 * The exit code of a program that ends: being told to stop, and having stopped in good order, is
 * success (docs/design.md#starting-and-stopping), but see `failedIfStopped`.
 */
export const stopOnSignal: Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) && halfDone === 0 ? onExit(0) : defaultTeardown(exit, onExit)

/**
 * For work that has an end, such as an export: a program that is stopped before it has not
 * succeeded (exit code 130), and what follows must not run.
 */
export const failedIfStopped = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    halfDone++
    return Effect.onExit(work, (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit) || !Cause.hasInterruptsOnly(exit.cause)) halfDone--
      }))
  })
