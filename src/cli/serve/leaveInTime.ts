import * as Effect from "effect/Effect"

/**
 * Milliseconds in which everything must end after the process was told to stop.
 *
 * The process promises 10 s (docs/design.md#starting-and-stopping).
 */
const farewell = 9_000

/**
 * Ends the process after {@link farewell}, even if the database is silent.
 *
 * A silent database would keep the process until its connections are given up, or until all
 * requests in progress have an answer. No client was told that those events are stored, so leaving
 * loses nothing. The timer does not keep a process that ends sooner. `before` runs right before
 * such an end.
 */
export const leaveInTime = Effect.fnUntraced(function*(before: () => void = () => {}) {
  const runFork = Effect.runForkWith(yield* Effect.context())
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      setTimeout(() => {
        runFork(Effect.logWarning("The database says nothing: what is under way is left unanswered"))
        before()
        process.exit(0)
      }, farewell).unref()
    })
  )
})
