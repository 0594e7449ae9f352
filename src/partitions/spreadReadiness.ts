import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { unmeasured } from "../projections/runner/LagMonitor.ts"
import { ProjectionRunner, type RunnerStatus } from "../projections/runner/ProjectionRunner.ts"
import { projectionChecks, Readiness } from "../readiness/Readiness.ts"
import type { PartitionChecks } from "../readiness/ReadinessChecks.ts"
import type { PartitionEntry } from "./PartitionMap.ts"
import { partitionMeasure } from "./partitionMetrics.ts"
import { Partitions } from "./Partitions.ts"

type Checks = Effect.Success<Readiness["Service"]["check"]>

/** The checks of a partition that is not open. */
const away: Checks = {
  database: false,
  writable: false,
  migrations: false,
  log_whole: false,
  projections: projectionChecks({ ...unmeasured, versions: [], running: false, gaps: [] })
}

/**
 * `Readiness` over the partitions.
 *
 * A process that serves any partition is ready for ingestion: a balancer that took it away would
 * take the healthy partitions away too. The checks name each partition.
 */
export const spreadReadiness = Layer.effect(
  Readiness,
  Effect.gen(function*() {
    const partitions = yield* Partitions
    const runner = yield* ProjectionRunner
    const measure = partitionMeasure()
    return Readiness.of({
      check: Effect.gen(function*() {
        const all = yield* Effect.forEach(
          partitions.opened(),
          ({ entry, services }) =>
            Effect.map(
              services === undefined ? Effect.succeed(away) : Context.get(services, Readiness).check,
              (checks) => ({ entry, checks })
            ),
          { concurrency: "unbounded" }
        )
        yield* measure(all.map(partitionChecks))
        const [only, ...others] = all
        return only !== undefined && others.length === 0 ? only.checks : together(all, runner.status())
      })
    })
  })
)

interface Checked {
  readonly entry: PartitionEntry
  readonly checks: Checks
}

const partitionChecks = ({ checks: { database, log_whole, migrations, projections, writable }, entry }: Checked): PartitionChecks => ({
  partition: entry.partition,
  server: entry.server,
  moving: entry.state === "moving",
  database,
  writable,
  migrations,
  log_whole,
  running: projections.running,
  lag_events: projections.lag_events,
  lag_seconds: projections.lag_seconds
})

/** The checks of all partitions: what any database has, and how all projections are doing. */
const together = (all: ReadonlyArray<Checked>, status: RunnerStatus): Checks => {
  const any = (has: (checks: Checks) => boolean) => all.some(({ checks }) => has(checks))
  return {
    database: any(({ database }) => database),
    writable: any(({ writable }) => writable),
    migrations: any(({ migrations }) => migrations),
    log_whole: any(({ log_whole }) => log_whole),
    projections: projectionChecks(status),
    partitions: all.map(partitionChecks)
  }
}
