import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { Database } from "./database/Database.ts"
import type { Pooler } from "./database/DatabaseUrl.ts"
import { Migrations } from "./database/Migrations.ts"
import { AppendSignal } from "./event-log/AppendSignal.ts"
import { EventLog } from "./event-log/EventLog.ts"
import { releasedVersions } from "./projections/catalog/formerVersions.ts"
import { ProjectionRunner } from "./projections/runner/ProjectionRunner.ts"
import { ProjectionCatalog } from "./projections/versions/ProjectionCatalog.ts"

/** The projections' thread: it checks the schema, and migrates nothing. */
export const threadLayer = (database: { readonly url: Redacted.Redacted; readonly pooler: Pooler }) =>
  ProjectionRunner.layer.pipe(
    Layer.provideMerge(ProjectionCatalog.layer(releasedVersions, { isQuiet: true })),
    Layer.provideMerge(Layer.mergeAll(EventLog.layer, AppendSignal.layer)),
    Layer.provideMerge(Migrations.layerCheck),
    Layer.provideMerge(Database.layerAt(database))
  )
