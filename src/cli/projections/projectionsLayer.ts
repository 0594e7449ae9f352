import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventLog } from "../../event-log/EventLog.ts"
import { clientOfPartition, overPartitions } from "../../partitions/overPartitions.ts"
import { spreadVersions } from "../../partitions/spreadVersions.ts"
import { ProjectionCatalog, type Remake } from "../../projections/versions/ProjectionCatalog.ts"
import { ProjectionVersions } from "../../projections/versions/ProjectionVersions.ts"
import { Tenants } from "../../tenants/Tenants.ts"
import { checkedDatabase } from "../checkedDatabase.ts"
import { KnownProjections } from "./KnownProjections.ts"

/** The versions of a partition, their log, and what is rebuilt from it. */
export const versionsOfPartition = (remakes: ReadonlyArray<Remake> = []) =>
  Layer.mergeAll(
    Layer.unwrap(Effect.map(KnownProjections, (projections) => ProjectionCatalog.layer(projections, { remakes }))),
    EventLog.layer,
    clientOfPartition
  )

/** What the commands on projections need. Nothing is fed by it: the services do that. */
export const projectionsLayer = (remakes: ReadonlyArray<Remake> = []) =>
  overPartitions(
    Layer.provideMerge(ProjectionVersions.layer, versionsOfPartition(remakes)),
    (set) => Context.make(ProjectionVersions, spreadVersions(set))
  ).pipe(
    Layer.merge(Tenants.layer),
    Layer.provideMerge(checkedDatabase)
  )
