import type { PgClient } from "@effect/sql-pg"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Activity } from "../../../src/counters/Activity.ts"
import { BoardParts } from "../../../src/counters/BoardParts.ts"
import { Changes } from "../../../src/counters/changes/Changes.ts"
import { ConsistentReads } from "../../../src/counters/ConsistentReads.ts"
import { Counters } from "../../../src/counters/Counters.ts"
import { Games } from "../../../src/counters/Games.ts"
import { EventEffects } from "../../../src/counters/history/EventEffects.ts"
import { Explanation } from "../../../src/counters/history/Explanation.ts"
import { Histories } from "../../../src/counters/history/Histories.ts"
import { TimeTravel } from "../../../src/counters/history/TimeTravel.ts"
import type { Leaderboards } from "../../../src/counters/Leaderboards.ts"
import { Users } from "../../../src/counters/Users.ts"
import { Migrations } from "../../../src/database/Migrations.ts"
import { ServerClients } from "../../../src/database/ServerClients.ts"
import { ErasureStep, UserErasure } from "../../../src/erasure/UserErasure.ts"
import { AppendSignal } from "../../../src/event-log/AppendSignal.ts"
import { EventLog } from "../../../src/event-log/EventLog.ts"
import { LogHistories } from "../../../src/event-log/LogHistories.ts"
import type { AppendOutcome, NewEvent } from "../../../src/event-log/RecordedEvent.ts"
import { TenantLog } from "../../../src/event-log/TenantLog.ts"
import { UserHistory } from "../../../src/event-log/UserHistory.ts"
import { Admission } from "../../../src/ingest/Admission.ts"
import { Ingest } from "../../../src/ingest/Ingest.ts"
import { RejectedEvents } from "../../../src/ingest/rejected/RejectedEvents.ts"
import { SliceWriters } from "../../../src/ingest/SliceWriters.ts"
import { UserProcessors } from "../../../src/ingest/UserProcessors.ts"
import { openPartitions } from "../../../src/partitions/openPartitions.ts"
import { clientOfPartition } from "../../../src/partitions/overPartitions.ts"
import { PartitionDirectory } from "../../../src/partitions/PartitionDirectory.ts"
import { homeServer } from "../../../src/partitions/PartitionMap.ts"
import { Partitions, type PartitionServices } from "../../../src/partitions/Partitions.ts"
import { PartitionServers } from "../../../src/partitions/PartitionServers.ts"
import type { PartitionSet } from "../../../src/partitions/PartitionSet.ts"
import type { VersionServices } from "../../../src/partitions/spreadActivation.ts"
import { spreadIngestion } from "../../../src/partitions/spreadIngestion.ts"
import { spreadLeaderboards } from "../../../src/partitions/spreadLeaderboards.ts"
import { spreadLog } from "../../../src/partitions/spreadLog.ts"
import { spreadReadings } from "../../../src/partitions/spreadReadings.ts"
import { Settings } from "../../../src/platform/Settings.ts"
import { leaderboards } from "../../../src/projections/catalog/leaderboards.ts"
import { payments } from "../../../src/projections/catalog/payments.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"
import { ProjectionRunner } from "../../../src/projections/runner/ProjectionRunner.ts"
import { ProjectionCatalog } from "../../../src/projections/versions/ProjectionCatalog.ts"
import { ProjectionVersions } from "../../../src/projections/versions/ProjectionVersions.ts"
import { Readiness } from "../../../src/readiness/Readiness.ts"
import { known } from "../../../src/values/known.ts"
import { counted } from "./counted.ts"
import { faultingSql, type Network, simulatedUrl } from "./FaultingSql.ts"

export const nextPayments: AnyProjection = { ...payments, version: payments.version + 1 }
/** With few users in a bucket, so that there are some buckets. */
export const ranked: AnyProjection = {
  ...leaderboards,
  ranking: { ...known(leaderboards.ranking, "ranking of the boards"), bucketSize: 2 }
}

/** The totals of {@link ranked}. */
export const rankedTable = `${ranked.name}_v${ranked.version}_totals`

/** What the databases have tables of. */
export const projections: ReadonlyArray<AnyProjection> = [payments, nextPayments, counted, ranked]

/** What a process feeds. Rankings take time, so only some runs have them. */
const fedWith = ({ boards }: SimulatedOptions) => projections.filter((projection) => boards || projection !== ranked)

/** Whether a run has leaderboards. */
export interface SimulatedOptions {
  readonly boards: boolean
}

/** Which request a fiber is at work for. */
export const RequestNumber = Context.Reference<number>("playtally/test/proof/simulation/RequestNumber", { defaultValue: () => -1 })

/** What became of one event, as its processor was told. */
export interface Told {
  readonly process: string
  readonly request: number
  readonly event: NewEvent
  readonly outcome: AppendOutcome
}

const processors = (process: string, tell: (told: Told) => void) =>
  Layer.effect(
    UserProcessors,
    Effect.map(UserProcessors, (real) =>
      UserProcessors.of({
        active: real.active,
        process: Effect.fnUntraced(function*(mail) {
          const request = yield* RequestNumber
          const outcomes = yield* real.process(mail)
          mail.forEach(({ events }, nth) =>
            events.forEach((event, at) => {
              const outcome = outcomes[nth]?.[at]
              if (outcome !== undefined) tell({ process, request, event, outcome })
            })
          )
          return outcomes
        })
      }))
  ).pipe(Layer.provide(spreadIngestion))

/** The partitions of a process, with what commands need of each. */
export class SimulatedPartitions extends Context.Service<SimulatedPartitions, PartitionSet<PartitionServices | VersionServices>>()(
  "playtally/test/proof/simulation/SimulatedPartitions"
) {}

export type Services =
  | Ingest
  | Counters
  | Leaderboards
  | UserErasure
  | SimulatedPartitions
  | PartitionServers
  | PgClient.PgClient

/** What there is for each partition (`App.ts`), with the projections in the same thread. */
const partition = (projections: ReadonlyArray<AnyProjection>) =>
  Layer.mergeAll(
    Layer.mergeAll(UserErasure.layer, Readiness.layer, ProjectionVersions.layer, clientOfPartition),
    Layer.mergeAll(Counters.layer, Games.layer, Activity.layer, BoardParts.layer, Changes.layer, Users.layer),
    Layer.mergeAll(TimeTravel.layer(projections), Explanation.layer(projections), EventEffects.layer(projections)).pipe(
      Layer.provide(Histories.layer),
      Layer.provide(UserHistory.layer)
    )
  ).pipe(
    Layer.provideMerge(ConsistentReads.layer),
    Layer.provideMerge(UserProcessors.layer.pipe(Layer.provide(SliceWriters.layer))),
    Layer.provideMerge(ProjectionRunner.layer),
    Layer.provideMerge(ProjectionCatalog.layer(projections)),
    Layer.provideMerge(Layer.mergeAll(EventLog.layer, TenantLog.layer, AppendSignal.layer)),
    Layer.provideMerge(LogHistories.layer)
  )

const partitions = (projections: ReadonlyArray<AnyProjection>) =>
  Layer.effectContext(
    Effect.map(
      openPartitions(partition(projections)),
      (set) => Context.make(SimulatedPartitions, set).pipe(Context.add(Partitions, set))
    )
  )

/** Servers that are reached by their names. */
const servers = Layer.succeed(
  PartitionServers,
  PartitionServers.of({ nth: () => undefined, find: (server) => Effect.succeed(simulatedUrl(server)) })
)

/**
 * What a process of the service is made of (`App.ts`), without HTTP, on a simulated network.
 */
export const simulatedService = (network: Network, tell: (told: Told) => void, options: SimulatedOptions) => (process: string) =>
  Ingest.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(RejectedEvents.layer, Admission.layer)),
    Layer.provideMerge(Layer.mergeAll(processors(process, tell), spreadLog, spreadLeaderboards, spreadReadings(fedWith(options)))),
    Layer.provideMerge(partitions(fedWith(options))),
    Layer.provideMerge(PartitionDirectory.layer),
    Layer.provideMerge(servers),
    // Nobody has many events here, and all the same an erasure is to take some steps.
    Layer.provideMerge(Layer.succeed(ErasureStep, 2)),
    Layer.provideMerge(Layer.succeed(ServerClients, ({ target }) => faultingSql(network, { process, server: target.database }))),
    Layer.provideMerge(Layer.succeed(Migrations, Migrations.of({ applied: [] }))),
    Layer.provideMerge(Settings.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ MAX_FUTURE_HOURS: "0" }))))),
    Layer.provideMerge(faultingSql(network, { process, server: homeServer }))
  )
