import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Database } from "./database/Database.ts"
import { Migrations } from "./database/Migrations.ts"
import { OwnPartition } from "./database/OwnPartition.ts"
import { PoolShare } from "./database/PoolShare.ts"
import { AppendSignal } from "./event-log/AppendSignal.ts"
import { EventLog } from "./event-log/EventLog.ts"
import { releasedVersions } from "./projections/own/ownProjections.ts"
import { ProjectionRunner } from "./projections/runner/ProjectionRunner.ts"
import type { ThreadPlace } from "./projections/runner/ThreadMessage.ts"
import { ProjectionCatalog } from "./projections/versions/ProjectionCatalog.ts"

/** What a projections' thread has for each database: it checks the schema, and migrates nothing. */
export const threadLayer = ({ databases, databaseUrl, partition, pooler }: ThreadPlace) =>
  ProjectionRunner.layer.pipe(
    Layer.provideMerge(ProjectionCatalog.layer(releasedVersions, { isQuiet: true })),
    Layer.provideMerge(Layer.mergeAll(EventLog.layer, AppendSignal.layer)),
    Layer.provideMerge(Migrations.layerCheck),
    Layer.provideMerge(Database.layerAt({ url: Redacted.make(databaseUrl), pooler })),
    Layer.provide([Layer.succeed(PoolShare, databases), Layer.succeed(OwnPartition, partition)])
  )
