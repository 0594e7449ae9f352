import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ConsistentReads } from "../counters/ConsistentReads.ts"
import { LogHistories } from "../event-log/LogHistories.ts"
import { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import { known } from "../values/known.ts"
import { Partitions } from "./Partitions.ts"

/**
 * The catalog, the histories and the reads of the partition at home, for tools that look into one
 * database: the REPL, and tests.
 */
export const firstPartition = Layer.effectContext(
  Effect.map(Partitions, (partitions) => {
    const services = known(partitions.opened().find((partition) => partition.services !== undefined)?.services, "partition that is open")
    return Context.pick(ConsistentReads, LogHistories, ProjectionCatalog)(services)
  })
)
