import * as Effect from "effect/Effect"
import { steadyTime } from "../../platform/monotonicClock.ts"
import { mergeMetrics } from "../../processes/mergeMetrics.ts"
import { OwnSupervisor } from "../../processes/SupervisorLink.ts"

/** How long an answer for all processes is used. Requests need no key. */
const timeToLive = "100 millis"

/**
 * The metrics of all processes of this start in one text; a process that is alone gives its own as
 * they are.
 *
 * It also lets this process answer the others. One that does not answer in time is left out, and
 * `playtally_process_up` tells whether it runs.
 */
export const metricsOfAll = Effect.fnUntraced(function*<R>(own: Effect.Effect<string, never, R>) {
  const link = yield* OwnSupervisor
  if (link === undefined) return own
  const context = yield* Effect.context<R>()
  const runPromise = Effect.runPromiseWith(context)
  link.answer("metrics", () => runPromise(own))
  const all = Effect.all([own, link.ask("metrics")], { concurrency: 2 }).pipe(
    Effect.map(([text, answers = []]) =>
      mergeMetrics(
        [{ process: link.process, text }, ...answers.map(({ process, text = "" }) => ({ process, text }))]
          .toSorted((one, other) => one.process - other.process)
      )
    ),
    Effect.provideContext(context)
  )
  return (yield* steadyTime)(yield* Effect.cachedWithTTL(all, timeToLive))
})
