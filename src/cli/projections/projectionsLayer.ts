import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventLog } from "../../event-log/EventLog.ts"
import { ProjectionCatalog, type Remake } from "../../projections/versions/ProjectionCatalog.ts"
import { ProjectionVersions } from "../../projections/versions/ProjectionVersions.ts"
import { Tenants } from "../../tenants/Tenants.ts"
import { checkedDatabase } from "../checkedDatabase.ts"
import { KnownProjections } from "./KnownProjections.ts"

/** What the commands on projections need. Nothing is fed by it: the services do that. */
export const projectionsLayer = (remakes: ReadonlyArray<Remake> = []) =>
  ProjectionVersions.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(
      Layer.unwrap(Effect.map(KnownProjections, (projections) => ProjectionCatalog.layer(projections, { remakes }))),
      EventLog.layer,
      Tenants.layer
    )),
    Layer.provideMerge(checkedDatabase)
  )
