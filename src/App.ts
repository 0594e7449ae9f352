import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Cluster } from "./cluster/Cluster.ts"
import { consolePages, endStreams } from "./console/Console.ts"
import { ConsoleAssets } from "./console/ConsoleAssets.ts"
import { ConsoleStop } from "./console/ConsoleStop.ts"
import { Activity } from "./counters/Activity.ts"
import { BoardParts } from "./counters/BoardParts.ts"
import { Changes } from "./counters/changes/Changes.ts"
import { ConsistentReads } from "./counters/ConsistentReads.ts"
import { Counters } from "./counters/Counters.ts"
import { Games } from "./counters/Games.ts"
import { EventEffects } from "./counters/history/EventEffects.ts"
import { Explanation } from "./counters/history/Explanation.ts"
import { Histories } from "./counters/history/Histories.ts"
import { TimeTravel } from "./counters/history/TimeTravel.ts"
import { ReadShares } from "./counters/ReadShares.ts"
import { Users } from "./counters/Users.ts"
import { Database } from "./database/Database.ts"
import { Migrations } from "./database/Migrations.ts"
import { UserErasure } from "./erasure/UserErasure.ts"
import { AppendSignal } from "./event-log/AppendSignal.ts"
import { EventLog } from "./event-log/EventLog.ts"
import { LogHistories } from "./event-log/LogHistories.ts"
import { TenantLog } from "./event-log/TenantLog.ts"
import { UserHistory } from "./event-log/UserHistory.ts"
import { AnswerBudget } from "./http/answers/AnswerBudget.ts"
import { Server } from "./http/Server.ts"
import { Admission } from "./ingest/Admission.ts"
import { Ingest } from "./ingest/Ingest.ts"
import { RejectedEvents } from "./ingest/rejected/RejectedEvents.ts"
import { RejectedItems } from "./ingest/rejected/RejectedItems.ts"
import { RejectedSearch } from "./ingest/rejected/RejectedSearch.ts"
import { SliceWriters } from "./ingest/SliceWriters.ts"
import { UserProcessors } from "./ingest/UserProcessors.ts"
import { Jobs } from "./jobs/Jobs.ts"
import { AuditLog } from "./operators/AuditLog.ts"
import { OperatorKey } from "./operators/OperatorKey.ts"
import { Sessions } from "./operators/Sessions.ts"
import { FedPartitions } from "./partitions/FedPartitions.ts"
import { firstPartition } from "./partitions/firstPartition.ts"
import { keyGrace } from "./partitions/keyGrace.ts"
import { clientOfPartition } from "./partitions/overPartitions.ts"
import { PartitionDirectory } from "./partitions/PartitionDirectory.ts"
import { PartitionMoves } from "./partitions/PartitionMoves.ts"
import { Partitions } from "./partitions/Partitions.ts"
import { PartitionServers } from "./partitions/PartitionServers.ts"
import { spreadChanges } from "./partitions/spreadChanges.ts"
import { spreadDoctor } from "./partitions/spreadDoctor.ts"
import { spreadIngestion } from "./partitions/spreadIngestion.ts"
import { spreadLeaderboards } from "./partitions/spreadLeaderboards.ts"
import { spreadLog } from "./partitions/spreadLog.ts"
import { spreadReadiness } from "./partitions/spreadReadiness.ts"
import { spreadReadings } from "./partitions/spreadReadings.ts"
import { spreadRunner } from "./partitions/spreadRunner.ts"
import { spreadSignal } from "./partitions/spreadSignal.ts"
import { spreadTenantLog } from "./partitions/spreadTenantLog.ts"
import { spreadVersionsOfService } from "./partitions/spreadVersions.ts"
import { Settings } from "./platform/Settings.ts"
import { SupervisedRunner } from "./processes/SupervisedRunner.ts"
import { releasedVersions } from "./projections/own/ownProjections.ts"
import type { AnyProjection } from "./projections/projection/Projection.ts"
import { ProjectionRunner } from "./projections/runner/ProjectionRunner.ts"
import { ProjectionThread } from "./projections/runner/ProjectionThread.ts"
import { ProjectionThreads } from "./projections/runner/ProjectionThreads.ts"
import { type CatalogOptions, ProjectionCatalog } from "./projections/versions/ProjectionCatalog.ts"
import { ProjectionVersions } from "./projections/versions/ProjectionVersions.ts"
import { Readiness } from "./readiness/Readiness.ts"
import { ApiKeys } from "./tenants/ApiKeys.ts"
import { Bootstrap } from "./tenants/Bootstrap.ts"
import { outdatedZones } from "./tenants/outdatedZones.ts"
import { RateLimits } from "./tenants/RateLimits.ts"
import { layerTenantMetrics } from "./tenants/TenantMetrics.ts"
import { Tenants } from "./tenants/Tenants.ts"

/** The events: their log with its histories, and who hears of an append. */
const log = Layer.mergeAll(EventLog.layer, TenantLog.layer, AppendSignal.layer).pipe(Layer.provideMerge(LogHistories.layer))

/** What the engine reads: the rows of the projections, each reading at one point of the log. */
const readings = (projections: ReadonlyArray<AnyProjection>) =>
  Layer.mergeAll(
    Counters.layer,
    Games.layer,
    Activity.layer,
    BoardParts.layer,
    Changes.layer,
    Users.layer,
    Layer.mergeAll(TimeTravel.layer(projections), Explanation.layer(projections), EventEffects.layer(projections)).pipe(
      Layer.provide(Histories.layer),
      Layer.provide(UserHistory.layer)
    )
  ).pipe(Layer.provideMerge(ConsistentReads.layer))

/** What distinguishes a process that is alone from one of several. */
interface Feeding<E1, R1, E2, R2> {
  /** What feeds the projections. */
  readonly runner: Layer.Layer<ProjectionRunner, E1, R1>
  readonly migrations: Layer.Layer<Migrations, E2, R2>
  readonly catalog?: CatalogOptions
}

/**
 * What there is for each partition, above its database, from the top down.
 *
 * Each line of `provideMerge` is a floor: it gives its services to the lines above it, and may use
 * those of the lines below. Nothing here knows how many partitions there are.
 */
const partition = <E1, R1, E2, R2>(
  projections: ReadonlyArray<AnyProjection>,
  { catalog = {}, migrations, runner }: Feeding<E1, R1, E2, R2>
) =>
  Layer.mergeAll(
    UserErasure.layer,
    LogHistories.layerWatching,
    Readiness.layer,
    ProjectionVersions.layer,
    clientOfPartition,
    readings(projections)
  ).pipe(
    Layer.provideMerge(UserProcessors.layer.pipe(Layer.provide(SliceWriters.layer))),
    Layer.provideMerge(runner),
    Layer.provideMerge(ProjectionCatalog.layer(projections, catalog)),
    Layer.provideMerge(log),
    Layer.provideMerge(migrations)
  )

/** The services over all partitions, and those at home, from the top down. */
const services = <E1, R1, E2, R2>(projections: ReadonlyArray<AnyProjection>, feeding: Feeding<E1, R1, E2, R2>) =>
  Ingest.layer.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        RejectedEvents.layer,
        RejectedSearch.layer,
        Admission.layer,
        Tenants.layer,
        ApiKeys.layer,
        ReadShares.layer,
        AuditLog.layer
      )
    ),
    Layer.provideMerge(keyGrace),
    Layer.provideMerge(
      Layer.mergeAll(
        spreadIngestion,
        spreadLog,
        spreadTenantLog,
        spreadReadings(projections),
        spreadLeaderboards,
        spreadChanges,
        spreadVersionsOfService,
        spreadReadiness.pipe(Layer.provideMerge(spreadRunner(Partitions))),
        firstPartition
      )
    ),
    Layer.provideMerge(Partitions.layer(partition(projections, feeding))),
    Layer.provideMerge(layerTenantMetrics),
    Layer.provideMerge(PartitionDirectory.layer),
    Layer.provideMerge(PartitionServers.layer),
    Layer.provideMerge(feeding.migrations)
  )

/** The database of the settings, and nothing else: for commands. */
export const databaseLayer = Database.layer.pipe(Layer.provideMerge(Settings.layer))

/** What a process of a service stands on. */
const base = Cluster.layerLeads.pipe(Layer.provideMerge(databaseLayer))

/** The doctor, on the databases of the settings in whatever state they are. */
export const doctorLayer = spreadDoctor.pipe(Layer.provide(Database.layerUnchecked), Layer.provide(Settings.layer))

/**
 * The service without its HTTP side, in this thread. It migrates the database of the settings.
 */
export const serviceLayer = (projections: ReadonlyArray<AnyProjection> = releasedVersions) =>
  services(projections, { runner: ProjectionRunner.layer, migrations: Migrations.layer }).pipe(Layer.provideMerge(databaseLayer))

/** The module of a projections' thread. */
const thread = new URL("./thread.ts", import.meta.url)

/** The module of a job's thread. */
const jobThread = new URL("./jobThread.ts", import.meta.url)

/**
 * The service without its HTTP side, with threads for the projections. `entry` is a thread's
 * module, as `thread.ts` is.
 */
export const threadedLayer = (entry: URL = thread) =>
  services(releasedVersions, { runner: ProjectionThread.layer, migrations: Migrations.layer }).pipe(
    Layer.provide(ProjectionThreads.layer(entry)),
    Layer.provideMerge(base)
  )

/** Warns at each start of tenants whose zones are no longer accepted. */
const zoneWarnings = Layer.effectDiscard(
  Effect.gen(function*() {
    const tenants = yield* Effect.flatMap(Tenants, ({ list }) => list)
    yield* Effect.forEach(outdatedZones(tenants), (line) => Effect.logWarning(line), { discard: true })
  })
)

/** What answers requests, and what runs beside them. */
const listening = endStreams.pipe(
  Layer.provideMerge(Server.layerWith(consolePages)),
  Layer.provide([
    Sessions.layer,
    ConsoleAssets.layer,
    ConsoleStop.layer,
    spreadDoctor,
    Jobs.layer(jobThread),
    RejectedItems.layer,
    RateLimits.layer,
    AnswerBudget.layer
  ]),
  Layer.provideMerge(OperatorKey.layer),
  Layer.merge(Layer.merge(UserErasure.layerTakingUp, PartitionMoves.layerHealing))
)

/** The whole service, listening. */
export const serverLayer = listening.pipe(
  Layer.merge(zoneWarnings),
  Layer.merge(Cluster.layer(Partitions)),
  Layer.provideMerge(Bootstrap.layer),
  Layer.provideMerge(threadedLayer())
)

/**
 * The service in one of several processes. It migrates nothing, and its supervisor hands it
 * connections and feeds the projections.
 */
export const processLayer = listening.pipe(
  Layer.provideMerge(
    services(releasedVersions, { runner: SupervisedRunner.layer, migrations: Migrations.layerCheck, catalog: { isQuiet: true } }).pipe(
      Layer.provideMerge(base)
    )
  )
)

/**
 * What the supervisor of several processes does once for all: it migrates the databases, makes the
 * first tenant, and has the projections' threads.
 */
export const supervisorLayer = zoneWarnings.pipe(
  Layer.merge(OperatorKey.layer),
  Layer.merge(Cluster.layer(FedPartitions)),
  Layer.provideMerge(Bootstrap.layer),
  Layer.provideMerge(Layer.mergeAll(Tenants.layer, ApiKeys.layer, spreadRunner(FedPartitions), spreadSignal)),
  Layer.provideMerge(FedPartitions.layer(
    ProjectionThread.layer.pipe(
      Layer.provideMerge(ProjectionCatalog.layer(releasedVersions)),
      Layer.provideMerge(AppendSignal.layer),
      Layer.provideMerge(Migrations.layer)
    )
  )),
  Layer.provide(ProjectionThreads.layer(thread)),
  Layer.provideMerge(PartitionDirectory.layer),
  Layer.provideMerge(PartitionServers.layer),
  Layer.provideMerge(Migrations.layer),
  Layer.provideMerge(base)
)
