import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { PartitionChecks } from "../readiness/ReadinessChecks.ts"

/** The value of a gauge whose number is unknown, as Prometheus has it. */
const unknown = Number.NaN

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

const up = gauge("playtally_partition_up", "1 if the partition's database answers, else 0")
const moving = gauge("playtally_partition_moving", "1 while the partition is moving to another server")
const lagEvents = gauge("playtally_partition_lag_events", "Events of the partition that are not folded yet")
const lagSeconds = gauge("playtally_partition_lag_seconds", "Age of the oldest event of the partition that is not folded yet")

const bit = (isSo: boolean) => isSo ? 1 : 0

/**
 * Gives what sets the gauges of each partition, with the labels `partition` and `server`.
 *
 * A partition that has moved keeps its series under the old server, with 0: an alert looks at the
 * greatest of a partition.
 */
export const partitionMeasure = () => {
  let shown: ReadonlyArray<PartitionChecks> = []
  const measure = ({ database, lag_events, lag_seconds, moving: isMoving, partition, server }: PartitionChecks) => {
    const labels = { partition: String(partition), server }
    return Effect.all([
      Metric.update(Metric.withAttributes(up, labels), bit(database)),
      Metric.update(Metric.withAttributes(moving, labels), bit(isMoving)),
      Metric.update(Metric.withAttributes(lagEvents, labels), lag_events ?? unknown),
      Metric.update(Metric.withAttributes(lagSeconds, labels), lag_seconds ?? unknown)
    ], { discard: true })
  }
  return (now: ReadonlyArray<PartitionChecks>): Effect.Effect<void> =>
    Effect.suspend(() => {
      const gone = shown.filter((before) =>
        now.every(({ partition, server }) => partition !== before.partition || server !== before.server)
      )
      shown = now
      const ended = gone.map((checks) => ({ ...checks, database: false, moving: false, lag_events: 0, lag_seconds: 0 }))
      return Effect.forEach([...now, ...ended], measure, { discard: true })
    })
}
