import * as Effect from "effect/Effect"
import { failureReport } from "./failureReport.ts"
import { problemsOf } from "./problemsOf.ts"
import { simulate, type SimulateOptions } from "./simulate.ts"
import { simulatedServers } from "./SimulatedServers.ts"

/** A seed whose run went wrong. */
export interface Failure {
  readonly seed: number
  /** The first thing that was wrong. */
  readonly problem: string
  readonly report: string
}

/**
 * Runs the seeds that `next` gives until it gives none, some worlds at once, each with servers
 * of its own: while one waits for PostgreSQL, another computes. `done` hears of every run.
 */
export const runSeeds = (
  serverUrl: string,
  options: SimulateOptions & {
    readonly worlds: number
    readonly next: () => number | undefined
    readonly done: (failure: Failure | undefined) => void
  }
) => {
  const world = Effect.gen(function*() {
    const servers = yield* simulatedServers(serverUrl)
    for (let seed = options.next(); seed !== undefined; seed = options.next()) {
      const [schedule, run] = yield* Effect.promise(() => simulate(seed, servers, options))
      const problems = run instanceof Error ? [run.stack ?? run.message] : yield* Effect.promise(() => problemsOf(run, servers))
      const [problem] = problems
      options.done(problem === undefined ? undefined : { seed, problem, report: failureReport(schedule, problems, options) })
    }
  })
  return Effect.all(Array.from({ length: options.worlds }, () => Effect.scoped(world)), { concurrency: "unbounded", discard: true })
}
