import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import { type DatabaseUnavailable, unavailable } from "../../database/DatabaseUnavailable.ts"
import { Migrations } from "../../database/Migrations.ts"
import { cli } from "../../platform/cli.ts"
import { addVersionGeneration } from "../feed/generations.ts"
import { versionId, type VersionRef } from "../feed/VersionRef.ts"
import type { FailsOnSampleLog } from "../fold/FailsOnSampleLog.ts"
import { fingerprint, firstFingerprint, tryFingerprint } from "../fold/fingerprint.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import { type ProjectionStore, projectionStore } from "../tables/ProjectionStore.ts"
import { CatalogSources } from "./CatalogSources.ts"
import { movingTo, PartitionMoving, whileMoving } from "./movingTo.ts"
import {
  activeVersions,
  type KnownVersion,
  noteSource,
  registerVersion,
  renameIdentity,
  restartVersion,
  type VersionState,
  versionStates
} from "./versions.ts"

/**
 * A version's code does something else than when its rows were made. Continuing them would mix two
 * rules in one table.
 */
export class ProjectionChanged
  extends Schema.TaggedError<ProjectionChanged>("playtally/projections/ProjectionChanged")("ProjectionChanged", {
    projection: Schema.String,
    version: Schema.Int
  })
{
  override get message(): string {
    return `Projection ${this.projection} v${this.version} does something else than when its rows were made. ` +
      `Give it the version ${this.version + 1}, keep v${this.version} in the catalog beside it, and rebuild; or, in development, ` +
      `remake its rows with \`${cli} projections rebuild ${this.projection} --version ${this.version} --again\`.`
  }
}

/**
 * A version whose rows are to be thrown away and made again, whatever it did before; the newest in
 * the code without a number.
 */
export interface Remake {
  readonly name: string
  readonly version: number | undefined
}

/** How a catalog begins. */
export interface CatalogOptions {
  readonly remakes?: ReadonlyArray<Remake>
  /** Set where somebody else of this process tells the operator what is wrong. */
  readonly isQuiet?: true
}

/**
 * The projection versions this code knows, registered with the database: their tables, checkpoints
 * and views exist.
 */
export class ProjectionCatalog extends Context.Service<ProjectionCatalog, {
  /** Every version this code knows and can run. */
  readonly stores: ReadonlyArray<ProjectionStore>
  /**
   * The stores that are fed as the log grows. The others wait for a rebuild, or were rebuilt since
   * by code that does something else.
   */
  readonly following: Effect.Effect<ReadonlyArray<ProjectionStore>, SqlError.SqlError>
  /**
   * The versions this code cannot run, and why. Nothing is done with them: what the database has of
   * them stays as it is.
   */
  readonly failing: ReadonlyArray<FailsOnSampleLog>
  /**
   * The names of the projections of the counters document, in its order, whether they can be run or
   * not.
   */
  readonly shown: ReadonlyArray<string>
  /**
   * Those of the stores whose source is another than the one their rows are known to agree with,
   * although the sample log shows no difference.
   */
  readonly changedSources: Effect.Effect<ReadonlyArray<ProjectionStore>, SqlError.SqlError>
  /** Notes that the rows of a version agree with the source of this code. */
  readonly acceptSource: (store: ProjectionStore) => Effect.Effect<void, SqlError.SqlError>
}>()("playtally/projections/ProjectionCatalog") {
  /**
   * Registers the versions; refuses one whose identity changed without a new number. One that fails
   * on the sample log is left out, and one whose source changed is warned about.
   *
   * It fails with {@link PartitionMoving} if a version is new, or is to be remade, while slices of
   * the database are moving.
   */
  static readonly layer = (
    projections: ReadonlyArray<AnyProjection>,
    { isQuiet, remakes = [] }: CatalogOptions = {}
  ): Layer.Layer<ProjectionCatalog, ProjectionChanged | PartitionMoving | DatabaseUnavailable, Migrations | PgClient.PgClient> =>
    Layer.effect(
      ProjectionCatalog,
      Effect.gen(function*() {
        yield* Migrations
        const sql = yield* PgClient.PgClient
        const inUse = yield* unavailable("ProjectionCatalog")(withoutUnusedFormer(sql, projections))
        const failing = inUse.flatMap((projection) => Option.toArray(Result.getFailure(tryFingerprint(projection))))
        const stores = inUse
          .filter((projection) => Result.isSuccess(tryFingerprint(projection)))
          .map((projection) => projectionStore(sql, projection))
        const sources = (yield* CatalogSources)()
        const known = new Map(stores.map((store) => [store, knownVersion(store, sources.get(versionId(store.projection)) ?? null)]))
        const changedIn = (states: ReadonlyArray<VersionState>) =>
          [...known].flatMap(([store, { source }]) => {
            const agreed = stateOf(states, store.projection)?.source
            return source === null || agreed === undefined || agreed === null || source === agreed ? [] : [store]
          })
        const changedSources = Effect.map(versionStates(sql), changedIn)

        yield* unavailable("ProjectionCatalog")(register(sql, known, new Set(remakes.map((remake) => remade(projections, remake)))))
        if (isQuiet === undefined) {
          for (const { message, projection, version } of failing) {
            yield* Effect.logError(message).pipe(Effect.annotateLogs({ projection, version }))
          }
          for (const { projection } of yield* unavailable("ProjectionCatalog")(changedSources)) {
            yield* Effect.logWarning(sourceChanged(projection))
          }
          for (const line of (yield* unavailable("ProjectionCatalog")(activeVersions(sql))).entries().flatMap(missing(projections))) {
            yield* Effect.logWarning(line)
          }
        }
        return ProjectionCatalog.of({
          stores,
          following: Effect.map(versionStates(sql), (states) =>
            stores.filter(({ projection }) => {
              const state = stateOf(states, projection)
              return state?.state === "following" && state.identity === fingerprint(projection)
            })),
          failing,
          shown: shownNames(projections),
          changedSources,
          acceptSource: (store) => noteSource(sql, known.get(store) ?? knownVersion(store, null))
        })
      })
    )
}

/** The names of the projections of the counters document, in its order. */
export const shownNames = (projections: ReadonlyArray<AnyProjection>): ReadonlyArray<string> => [
  ...new Set(projections.filter(({ separateDocument }) => separateDocument !== true).map(({ name }) => name))
]

/** Without the former versions that the database never had, or has no more. */
const withoutUnusedFormer = (sql: PgClient.PgClient, projections: ReadonlyArray<AnyProjection>) =>
  Effect.map(
    versionStates(sql),
    (states) =>
      projections.filter(({ isFormer, name, version }) =>
        isFormer !== true || states.some((state) => state.projection === name && state.version === version)
      )
  )

/** What is to be said of a version whose source changed without a difference in the sample log. */
export const sourceChanged = ({ name, version }: VersionRef): string =>
  `The source of ${name} v${version} changed and the sample log shows no difference: ` +
  `check with \`projections verify ${name} --version ${version}\`.`

/** What is to be said of an active version that this code does not have. */
const missing = (projections: ReadonlyArray<AnyProjection>) => ([name, version]: readonly [string, number]): ReadonlyArray<string> => {
  const others = projections.filter((projection) => projection.name === name)
  if (others.some((projection) => projection.version === version)) return []
  const active = `${versionId({ name, version })} is active and not in this code, so its numbers stand still`
  return others.length === 0
    ? [`${active}. Name the folder that has it by --projections or PROJECTIONS_DIR.`]
    : [`${active}. Keep its file beside that of ${versionId(others[0] ?? { name, version })} until another version is active.`]
}

const knownVersion = ({ projection }: ProjectionStore, source: string | null): KnownVersion => ({
  projection: projection.name,
  version: projection.version,
  identity: fingerprint(projection),
  source
})

const stateOf = (states: ReadonlyArray<VersionState>, { name, version }: AnyProjection): VersionState | undefined =>
  states.find((state) => state.projection === name && state.version === version)

/**
 * Serialised over all processes. Versions that are new while the log is empty follow it from the
 * start; others have to be rebuilt first.
 */
const register = (
  sql: PgClient.PgClient,
  known: ReadonlyMap<ProjectionStore, KnownVersion>,
  remade: ReadonlySet<AnyProjection | undefined>
) =>
  sql.withTransaction(Effect.gen(function*() {
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally projections'))`
    const states = yield* versionStates(sql)
    const restarted: Array<AnyProjection> = []
    for (const [store, own] of known) {
      const { name, version } = store.projection
      const before = stateOf(states, store.projection)
      if (before !== undefined && remade.has(store.projection)) {
        yield* refuseWhileMoving(sql, store.projection)
        // First, since it waits for the transactions that feed the version.
        yield* restartVersion(sql, own)
        yield* store.drop
        yield* store.create
        restarted.push(store.projection)
        continue
      }
      if (before !== undefined) {
        if (before.identity !== own.identity) {
          if (before.identity !== firstFingerprint(store.projection)) return yield* new ProjectionChanged({ projection: name, version })
          yield* renameIdentity(sql, own)
        }
        if (before.source === null) yield* noteSource(sql, own)
        continue
      }
      yield* refuseWhileMoving(sql, store.projection)
      yield* store.create
      const state = yield* registerVersion(sql, own)
      if (state === "building") {
        yield* Effect.logWarning(`A projection is new to this log: build it with \`${cli} projections rebuild ${name}\``).pipe(
          Effect.annotateLogs({ projection: name, version })
        )
      }
    }
    const active = yield* activeVersions(sql)
    const former = [...known.keys()].filter(({ projection: { isFormer, name, version } }) =>
      isFormer === true && active.get(name) === version
    )
    if (former.length > 0) {
      const names = former.map(({ projection }) => projection.name).join(" ")
      yield* Effect.logWarning(
        `The days of these projections are those of the runtime's zone data. Build their next versions with \`${cli} projections rebuild ${names}\` ` +
          "and activate each: docs/time-zones.md"
      )
    }
    for (const store of known.keys()) {
      const { name, version } = store.projection
      // A view that exists is not touched: replacing it would wait for its readers.
      if (active.get(name) === version && !(yield* store.hasViews) && (yield* movingTo(sql)) === undefined) yield* store.createViews
    }
    // Last, by the lock order.
    for (const { name, version } of restarted) yield* addVersionGeneration(sql, name, version)
  }))

const refuseWhileMoving = (sql: PgClient.PgClient, version: VersionRef) =>
  Effect.flatMap(movingTo(sql), (target) =>
    target === undefined
      ? Effect.void
      : Effect.fail(new PartitionMoving({ message: `${versionId(version)} cannot be made here now: ${whileMoving(target)}` })))

const remade = (projections: ReadonlyArray<AnyProjection>, remake: Remake): AnyProjection | undefined =>
  projections
    .filter(({ name, version }) => name === remake.name && (remake.version === undefined || version === remake.version))
    .sort((a, b) => b.version - a.version)[0]
