import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import { Migrations } from "../database/Migrations.ts"
import { addVersionGeneration } from "./generations.ts"
import { identityOf } from "./identityOf.ts"
import type { AnyProjection } from "./Projection.ts"
import { type ProjectionStore, projectionStore } from "./ProjectionStore.ts"
import { activeVersions, registerVersion, restartVersion, versionStates } from "./versions.ts"

/** A version's code does something else than when its rows were made. Continuing them would mix two rules in one table. */
export class ProjectionChanged
  extends Schema.TaggedError<ProjectionChanged>("playtally/projections/ProjectionChanged")("ProjectionChanged", {
    projection: Schema.String,
    version: Schema.Int
  })
{
  override get message(): string {
    return `Projection ${this.projection} v${this.version} does something else than when its rows were made. ` +
      `Give it the version ${this.version + 1}, keep v${this.version} in the catalog beside it, and rebuild; or, in development, ` +
      `remake its rows with \`npm run cli -- projections rebuild ${this.projection} --version ${this.version} --again\`.`
  }
}

/** A version whose rows are to be thrown away and made again, whatever it did before; the newest in the code without a number. */
export interface Remake {
  readonly name: string
  readonly version: number | undefined
}

/** The projection versions this code knows, registered with the database: their tables, checkpoints and views exist. */
export class ProjectionCatalog extends Context.Service<ProjectionCatalog, {
  /** Every version this code knows. */
  readonly stores: ReadonlyArray<ProjectionStore>
  /** Those of them that are fed from the log as it grows. The others wait for a rebuild, or were rebuilt since by code that does something else. */
  readonly following: Effect.Effect<ReadonlyArray<ProjectionStore>, SqlError.SqlError>
}>()("playtally/projections/ProjectionCatalog") {
  /** Registers the versions; refuses one whose identity changed without a new number. */
  static readonly layer = (
    projections: ReadonlyArray<AnyProjection>,
    remakes: ReadonlyArray<Remake> = []
  ): Layer.Layer<ProjectionCatalog, ProjectionChanged | DatabaseUnavailable, Migrations | PgClient.PgClient> =>
    Layer.effect(
      ProjectionCatalog,
      Effect.gen(function*() {
        yield* Migrations
        const sql = yield* PgClient.PgClient
        const stores = (yield* unavailable("ProjectionCatalog")(known(sql, projections))).map((projection) =>
          projectionStore(sql, projection)
        )
        const identities = new Map(projections.map((projection) => [projection, identityOf(projection)]))
        yield* unavailable("ProjectionCatalog")(register(sql, stores, new Set(remakes.map((remake) => remade(projections, remake)))))
        return ProjectionCatalog.of({
          stores,
          following: Effect.map(versionStates(sql), (states) =>
            stores.filter(({ projection: known }) =>
              states.some(({ identity, projection, state, version }) =>
                projection === known.name && version === known.version && state === "following" && identity === identities.get(known)
              )
            ))
        })
      })
    )
}

/** Without the former versions that the database never had, or has no more. */
const known = (sql: PgClient.PgClient, projections: ReadonlyArray<AnyProjection>) =>
  Effect.map(
    versionStates(sql),
    (states) =>
      projections.filter(({ isFormer, name, version }) =>
        isFormer !== true || states.some((state) => state.projection === name && state.version === version)
      )
  )

/** Serialised over all processes. Versions that are new while the log is empty follow it from the start; others have to be rebuilt first. */
const register = (sql: PgClient.PgClient, stores: ReadonlyArray<ProjectionStore>, remade: ReadonlySet<AnyProjection | undefined>) =>
  sql.withTransaction(Effect.gen(function*() {
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally projections'))`
    const known = yield* versionStates(sql)
    for (const store of stores) {
      const { name, version } = store.projection
      const identity = identityOf(store.projection)
      const before = known.find((state) => state.projection === name && state.version === version)
      if (before !== undefined && remade.has(store.projection)) {
        // First, for it waits for whoever feeds the version, and then nobody does.
        yield* restartVersion(sql, { projection: name, version, identity })
        yield* store.drop
        yield* store.create
        yield* addVersionGeneration(sql, name, version)
        continue
      }
      if (before !== undefined && before.identity !== identity) return yield* new ProjectionChanged({ projection: name, version })
      if (before !== undefined) continue
      yield* store.create
      const state = yield* registerVersion(sql, { projection: name, version, identity })
      if (state === "building") {
        yield* Effect.logWarning(`A projection is new to this log: build it with \`npm run cli -- projections rebuild ${name}\``).pipe(
          Effect.annotateLogs({ projection: name, version })
        )
      }
    }
    const active = yield* activeVersions(sql)
    for (const store of stores) {
      const { isFormer, name, version } = store.projection
      if (active.get(name) === version && isFormer === true) {
        yield* Effect.logWarning(
          `This version's days are those of the runtime's zone data. Build the next one with \`npm run cli -- projections rebuild ${name}\` and ` +
            `switch to it with \`npm run cli -- projections activate ${name}\`: docs/time-zones.md`
        ).pipe(Effect.annotateLogs({ projection: name, version }))
      }
      // A view that exists is not touched: replacing it would wait for its readers.
      if (active.get(name) === version && !(yield* store.hasViews)) yield* store.createViews
    }
  }))

const remade = (projections: ReadonlyArray<AnyProjection>, remake: Remake): AnyProjection | undefined =>
  projections
    .filter(({ name, version }) => name === remake.name && (remake.version === undefined || version === remake.version))
    .sort((a, b) => b.version - a.version)[0]
