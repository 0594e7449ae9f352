import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { unmeasured } from "../projections/runner/LagMonitor.ts"
import { ProjectionRunner, type RunnerStatus } from "../projections/runner/ProjectionRunner.ts"
import { known } from "../values/known.ts"
import type { FeedServices } from "./FedPartitions.ts"
import { partitionOf } from "./PartitionMap.ts"
import type { PartitionSet } from "./PartitionSet.ts"

/** The status of a partition that is not open. */
const notRunning: RunnerStatus = { ...unmeasured, versions: [], running: false, gaps: [] }

/**
 * `ProjectionRunner` over the partitions: how all of them are doing together.
 *
 * Events and users are added up, ages are the greatest. A number is unknown if it is of any
 * partition.
 */
export const spreadRunner = <I>(set: Context.Key<I, Pick<PartitionSet<FeedServices>, "map" | "opened">>) =>
  Layer.effect(
    ProjectionRunner,
    Effect.map(Effect.service(set), (partitions) => {
      const runners = () =>
        partitions.opened().flatMap(({ services }) => services === undefined ? [] : Context.get(services, ProjectionRunner))
      return ProjectionRunner.of({
        status: () =>
          statusOfAll(
            partitions.opened().map(({ services }) =>
              services === undefined ? notRunning : Context.get(services, ProjectionRunner).status()
            )
          ),
        feedNow: (slices, projections) => {
          const map = partitions.map()
          for (const { entry, services } of partitions.opened()) {
            const own = map.length === 1 ? slices : slices.filter((slice) => partitionOf(map, slice).partition === entry.partition)
            if (services !== undefined && own.length > 0) Context.get(services, ProjectionRunner).feedNow(own, projections)
          }
        },
        nextChunk: () => Effect.raceAll(runners().map((runner) => runner.nextChunk()))
      })
    })
  )

const statusOfAll = (all: ReadonlyArray<RunnerStatus>): RunnerStatus => {
  const [first, ...others] = all
  if (others.length === 0) return known(first, "status of a partition")
  const each = (field: keyof typeof unmeasured) => all.map((status) => status[field])
  const sum = (field: keyof typeof unmeasured) => each(field).reduce((sum, own) => sum === null || own === null ? null : sum + own, 0)
  const greatest = (field: keyof typeof unmeasured) =>
    each(field).reduce((most, own) => most === null || own === null ? null : Math.max(most, own), 0)
  return {
    lagEvents: sum("lagEvents"),
    lagSeconds: greatest("lagSeconds"),
    rankingLagEvents: sum("rankingLagEvents"),
    rankingLagSeconds: greatest("rankingLagSeconds"),
    parkedUsers: sum("parkedUsers"),
    unfedVersions: greatest("unfedVersions"),
    versions: [...new Set(all.flatMap(({ versions }) => versions))],
    running: all.every(({ running }) => running),
    gaps: all.flatMap(({ gaps }) => gaps)
  }
}
