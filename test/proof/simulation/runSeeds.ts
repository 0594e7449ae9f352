import * as Effect from "effect/Effect"
import { failureReport } from "./failureReport.ts"
import { problemsOf } from "./problemsOf.ts"
import { simulate } from "./simulate.ts"
import { simulatedDatabase } from "./SimulatedDatabase.ts"

/** A seed whose run went wrong. */
export interface Failure {
  readonly seed: number
  /** The first thing that was wrong. */
  readonly problem: string
  readonly report: string
}

/**
 * Runs the seeds that `next` gives until it gives none, some worlds at once, each with a database
 * of its own: while one waits for PostgreSQL, another computes. `done` hears of every run.
 */
export const runSeeds = (
  serverUrl: string,
  options: { readonly worlds: number; readonly next: () => number | undefined; readonly done: (failure: Failure | undefined) => void }
) => {
  const world = Effect.gen(function*() {
    const database = yield* simulatedDatabase(serverUrl)
    for (let seed = options.next(); seed !== undefined; seed = options.next()) {
      const [schedule, run] = yield* Effect.promise(() => simulate(seed, database))
      const problems = run instanceof Error ? [run.stack ?? run.message] : yield* Effect.promise(() => problemsOf(run, database))
      const [problem] = problems
      options.done(problem === undefined ? undefined : { seed, problem, report: failureReport(schedule, problems) })
    }
  })
  return Effect.all(Array.from({ length: options.worlds }, () => Effect.scoped(world)), { concurrency: "unbounded", discard: true })
}
