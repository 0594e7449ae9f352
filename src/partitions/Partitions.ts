import type { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Activity } from "../counters/Activity.ts"
import type { BoardParts } from "../counters/BoardParts.ts"
import type { Changes } from "../counters/changes/Changes.ts"
import type { ConsistentReads } from "../counters/ConsistentReads.ts"
import type { Counters } from "../counters/Counters.ts"
import type { Games } from "../counters/Games.ts"
import type { EventEffects } from "../counters/history/EventEffects.ts"
import type { Explanation } from "../counters/history/Explanation.ts"
import type { TimeTravel } from "../counters/history/TimeTravel.ts"
import type { Users } from "../counters/Users.ts"
import type { UserErasure } from "../erasure/UserErasure.ts"
import type { AppendSignal } from "../event-log/AppendSignal.ts"
import type { EventLog } from "../event-log/EventLog.ts"
import type { LogHistories } from "../event-log/LogHistories.ts"
import type { TenantLog } from "../event-log/TenantLog.ts"
import type { UserProcessors } from "../ingest/UserProcessors.ts"
import type { ProjectionRunner } from "../projections/runner/ProjectionRunner.ts"
import type { ProjectionCatalog } from "../projections/versions/ProjectionCatalog.ts"
import type { ProjectionVersions } from "../projections/versions/ProjectionVersions.ts"
import type { Readiness } from "../readiness/Readiness.ts"
import { type DatabaseClients, openPartitions } from "./openPartitions.ts"
import type { PartitionSet } from "./PartitionSet.ts"

/** What a service has for each partition. */
export type PartitionServices =
  | PgClient.PgClient
  | EventLog
  | LogHistories
  | TenantLog
  | AppendSignal
  | ProjectionCatalog
  | ProjectionVersions
  | ConsistentReads
  | UserProcessors
  | ProjectionRunner
  | UserErasure
  | Counters
  | Games
  | Activity
  | BoardParts
  | Changes
  | Users
  | TimeTravel
  | Explanation
  | EventEffects
  | Readiness

/**
 * The partitions of the log, each with services of its own (docs/partitions.md).
 *
 * The files of this room named `spread…` give the same services over all partitions.
 */
export class Partitions extends Context.Service<Partitions, PartitionSet<PartitionServices>>()("playtally/partitions/Partitions") {
  /** The partitions with the services of `layer`, see {@link openPartitions}. */
  static readonly layer = <E, R>(layer: Layer.Layer<PartitionServices, E, DatabaseClients | R>) =>
    Layer.effect(Partitions, Effect.map(openPartitions(layer), (set) => Partitions.of(set)))
}
