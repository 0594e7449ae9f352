import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { workerData } from "node:worker_threads"
import { runJob } from "./console/jobs/runJob.ts"
import { runReplay } from "./console/jobs/runReplay.ts"
import { jobBudget, OwnConnections } from "./database/connections.ts"
import { Database, IsPatient } from "./database/Database.ts"
import { Migrations } from "./database/Migrations.ts"
import { EventLog } from "./event-log/EventLog.ts"
import type { JobData, JobOutcome, JobProgress } from "./jobs/JobMessage.ts"
import { serveJob } from "./jobs/serveJob.ts"
import { clientOfPartition, overPartitions } from "./partitions/overPartitions.ts"
import { PartitionDirectory } from "./partitions/PartitionDirectory.ts"
import { PartitionServers } from "./partitions/PartitionServers.ts"
import { replayOverPartitions } from "./partitions/spreadReplay.ts"
import { spreadVersions } from "./partitions/spreadVersions.ts"
import { LogOutput } from "./platform/LogOutput.ts"
import { Settings } from "./platform/Settings.ts"
import { releasedVersions } from "./projections/own/ownProjections.ts"
import { lowerThreadPriority } from "./projections/runner/lowerThreadPriority.ts"
import { ProjectionCatalog } from "./projections/versions/ProjectionCatalog.ts"
import { ProjectionVersions } from "./projections/versions/ProjectionVersions.ts"
import { Tenants } from "./tenants/Tenants.ts"

/** The thread of a job: see `Jobs`. It has connections of its own, and ends with the job. */
const { databaseUrl, log, pooler, work }: JobData = workerData

const database = Layer.mergeAll(PartitionDirectory.layerCheck, PartitionServers.layer).pipe(
  Layer.provideMerge(Migrations.layerCheck),
  Layer.provideMerge(Database.layerAt({ url: Redacted.make(databaseUrl), pooler })),
  Layer.provideMerge(Settings.layer),
  // A statement that goes through a large slice may take its time.
  Layer.provideMerge(Layer.mergeAll(Layer.succeed(IsPatient, true), Layer.succeed(OwnConnections, jobBudget)))
)

const versions = overPartitions(
  Layer.provideMerge(
    ProjectionVersions.layer,
    Layer.mergeAll(ProjectionCatalog.layer(releasedVersions, { isQuiet: true }), EventLog.layer, clientOfPartition)
  ),
  (set) => Context.make(ProjectionVersions, spreadVersions(set))
)

const run = (onProgress: (progress: JobProgress) => void): Effect.Effect<JobOutcome, unknown> =>
  work.kind === "replay"
    ? runReplay(work, onProgress).pipe(Effect.provide(Layer.provide(Layer.merge(replayOverPartitions, Tenants.layer), database)))
    : runJob(work, onProgress).pipe(Effect.provide(Layer.provide(versions, database)))

await serveJob((onProgress) => Effect.andThen(lowerThreadPriority, run(onProgress)).pipe(Effect.provide(LogOutput.layerOf(log))))
