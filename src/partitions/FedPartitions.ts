import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AppendSignal } from "../event-log/AppendSignal.ts"
import type { ProjectionRunner } from "../projections/runner/ProjectionRunner.ts"
import { type DatabaseClients, openPartitions } from "./openPartitions.ts"
import type { PartitionSet } from "./PartitionSet.ts"

/** What feeds the projections of one partition. */
export type FeedServices = ProjectionRunner | AppendSignal

/**
 * The partitions as the supervisor of several processes has them: it only feeds their projections.
 */
export class FedPartitions extends Context.Service<FedPartitions, PartitionSet<FeedServices>>()("playtally/partitions/FedPartitions") {
  /** The partitions with what feeds each, see {@link openPartitions}. */
  static readonly layer = <E, R>(layer: Layer.Layer<FeedServices, E, DatabaseClients | R>) =>
    Layer.effect(FedPartitions, Effect.map(openPartitions(layer), (set) => FedPartitions.of(set)))
}
