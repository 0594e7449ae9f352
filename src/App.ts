import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { Activity } from "./counters/Activity.ts"
import { Changes } from "./counters/Changes.ts"
import { ConsistentReads } from "./counters/ConsistentReads.ts"
import { Counters } from "./counters/Counters.ts"
import { Explanation } from "./counters/Explanation.ts"
import { Games } from "./counters/Games.ts"
import { Histories } from "./counters/Histories.ts"
import { Leaderboards } from "./counters/Leaderboards.ts"
import { ReadShares } from "./counters/ReadShares.ts"
import { TimeTravel } from "./counters/TimeTravel.ts"
import { Users } from "./counters/Users.ts"
import { Database } from "./database/Database.ts"
import type { Pooler } from "./database/DatabaseUrl.ts"
import { Doctor } from "./database/doctor/Doctor.ts"
import { Migrations } from "./database/Migrations.ts"
import { UserErasure } from "./erasure/UserErasure.ts"
import { AppendSignal } from "./event-log/AppendSignal.ts"
import { EventLog } from "./event-log/EventLog.ts"
import { LogHistories } from "./event-log/LogHistories.ts"
import { UserHistory } from "./event-log/UserHistory.ts"
import { AnswerBudget } from "./http/answers/AnswerBudget.ts"
import { Server } from "./http/Server.ts"
import { Admission } from "./ingest/Admission.ts"
import { Ingest } from "./ingest/Ingest.ts"
import { RejectedEvents } from "./ingest/RejectedEvents.ts"
import { SliceWriters } from "./ingest/SliceWriters.ts"
import { UserProcessors } from "./ingest/UserProcessors.ts"
import { Settings } from "./platform/Settings.ts"
import { releasedVersions } from "./projections/catalog/formerVersions.ts"
import type { AnyProjection } from "./projections/projection/Projection.ts"
import { ProjectionRunner } from "./projections/runner/ProjectionRunner.ts"
import { ProjectionThread } from "./projections/runner/ProjectionThread.ts"
import { ProjectionCatalog } from "./projections/versions/ProjectionCatalog.ts"
import { Readiness } from "./readiness/Readiness.ts"
import { ApiKeys } from "./tenants/ApiKeys.ts"
import { Bootstrap } from "./tenants/Bootstrap.ts"
import { outdatedZones } from "./tenants/outdatedZones.ts"
import { RateLimits } from "./tenants/RateLimits.ts"
import { layerTenantMetrics } from "./tenants/TenantMetrics.ts"
import { Tenants } from "./tenants/Tenants.ts"

/**
 * The layer graph, bottom up: settings, the database, its schema; then the log; then what writes
 * it, what folds it and what reads the folds. Each layer of the list may use those above it.
 */
const services = <E, R>(projections: ReadonlyArray<AnyProjection>, runner: Layer.Layer<ProjectionRunner, E, R>) =>
  Layer.mergeAll(Tenants.layer, ApiKeys.layer, RejectedEvents.layer).pipe(
    Layer.provideMerge(Ingest.layer.pipe(Layer.provide(RejectedEvents.layer))),
    Layer.provideMerge(Layer.mergeAll(UserProcessors.layer.pipe(Layer.provide(SliceWriters.layer)), Admission.layer)),
    Layer.provideMerge(
      Layer.mergeAll(Counters.layer, Games.layer, Activity.layer, Leaderboards.layer, Changes.layer, Users.layer, UserErasure.layer)
    ),
    Layer.provideMerge(
      Layer.mergeAll(TimeTravel.layer(projections), Explanation.layer(projections)).pipe(
        Layer.provide(Histories.layer),
        Layer.provide(UserHistory.layer)
      )
    ),
    Layer.provideMerge(Layer.mergeAll(ConsistentReads.layer, ReadShares.layer)),
    Layer.provideMerge(runner),
    Layer.provideMerge(ProjectionCatalog.layer(projections)),
    Layer.provideMerge(Layer.mergeAll(EventLog.layer, AppendSignal.layer)),
    Layer.provideMerge(Layer.mergeAll(LogHistories.layer, layerTenantMetrics))
  )

/** The database of the settings, and nothing else: for commands. */
export const databaseLayer = Database.layer.pipe(Layer.provideMerge(Settings.layer))

/** What looks at the database of the settings, whatever state that is in. */
export const doctorLayer = Doctor.layer.pipe(Layer.provide(Database.layerUnchecked), Layer.provide(Settings.layer))

/**
 * Everything of the service but its HTTP side, in this thread, on the database of the settings,
 * which is migrated.
 */
export const serviceLayer = (projections: ReadonlyArray<AnyProjection> = releasedVersions) =>
  services(projections, ProjectionRunner.layer).pipe(Layer.provideMerge(Migrations.layer), Layer.provideMerge(databaseLayer))

/**
 * The same with the catalog's projections fed in a thread of their own, which `entry` lets
 * {@link threadLayer} work in.
 */
export const threadedLayer = (entry: URL = new URL("./thread.ts", import.meta.url)) =>
  services(releasedVersions, ProjectionThread.layer(entry)).pipe(Layer.provideMerge(Migrations.layer), Layer.provideMerge(databaseLayer))

/** Tells at each start which tenants have zones that could not be given any more. */
const zoneWarnings = Layer.effectDiscard(
  Effect.gen(function*() {
    const tenants = yield* Effect.flatMap(Tenants, ({ list }) => list)
    yield* Effect.forEach(outdatedZones(tenants), (line) => Effect.logWarning(line), { discard: true })
  })
)

/** The whole service, listening. */
export const serverLayer = Server.layer.pipe(
  Layer.provide([Readiness.layer, RateLimits.layer, AnswerBudget.layer]),
  Layer.merge(Layer.mergeAll(UserErasure.layerTakingUp, LogHistories.layerWatching, zoneWarnings)),
  Layer.provideMerge(Bootstrap.layer),
  Layer.provideMerge(threadedLayer())
)

/** What works in the projections' thread. */
export const threadLayer = (database: { readonly url: Redacted.Redacted; readonly pooler: Pooler }) =>
  ProjectionRunner.layer.pipe(
    Layer.provideMerge(ProjectionCatalog.layer(releasedVersions, { isQuiet: true })),
    Layer.provideMerge(Layer.mergeAll(EventLog.layer, AppendSignal.layer)),
    Layer.provideMerge(Migrations.layerCheck),
    Layer.provideMerge(Database.layerAt(database))
  )
