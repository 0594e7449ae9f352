import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import { register } from "./checkpoints.ts"
import type { AnyProjection } from "./Projection.ts"
import { type ProjectionStore, projectionStore } from "./ProjectionStore.ts"

/** The projection versions this code knows, registered with the database: their tables, checkpoints and views exist. */
export class ProjectionCatalog extends Context.Service<ProjectionCatalog, {
  readonly stores: ReadonlyArray<ProjectionStore>
}>()("playtally/projections/ProjectionCatalog") {
  static readonly layer = (projections: ReadonlyArray<AnyProjection>) =>
    Layer.effect(
      ProjectionCatalog,
      Effect.gen(function*() {
        yield* Migrations
        const sql = yield* PgClient.PgClient
        const stores = projections.map((projection) => projectionStore(sql, projection))
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`select pg_advisory_xact_lock(hashtext('playtally projections'))`
          for (const store of stores) yield* store.create
          yield* register(sql, projections)
          const active = yield* sql<{ projection: string; active_version: number }>`select projection, active_version from projections`
          for (const store of stores) {
            const { name, version } = store.projection
            if (active.some((row) => row.projection === name && row.active_version === version)) yield* store.createViews
          }
        })).pipe(unavailable("ProjectionCatalog"))
        return ProjectionCatalog.of({ stores })
      })
    )
}
