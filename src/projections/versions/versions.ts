import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import * as Checkpoints from "../feed/Checkpoints.ts"
import { addVersionGeneration } from "../feed/generations.ts"
import * as ParkedUsers from "../feed/ParkedUsers.ts"

/** What the database knows of a version. */
export interface VersionState {
  readonly projection: string
  readonly version: number
  /** The fingerprint of what the version does. */
  readonly identity: string
  /** Whether the version is still to be rebuilt, or is fed as the log grows. */
  readonly state: "building" | "following"
  /**
   * A hash of the source that the rows are known to agree with; null if the source was never there.
   */
  readonly source: string | null
}

/** A version as this code has it. */
export type KnownVersion = Omit<VersionState, "state">

/** Every version the database knows. */
export const versionStates = (sql: PgClient.PgClient): Effect.Effect<ReadonlyArray<VersionState>, SqlError.SqlError> =>
  sql<VersionState>`select projection, version, identity, state, source from projection_versions order by projection, version`

/** The version of each projection that is read. */
export const activeVersions = (sql: PgClient.PgClient): Effect.Effect<ReadonlyMap<string, number>, SqlError.SqlError> =>
  Effect.map(
    sql<{ projection: string; active_version: number }>`select projection, active_version from projections`,
    (rows) => new Map(rows.map((row) => [row.projection, row.active_version]))
  )

/** The version that was read before the active one, if there was one. */
export const previousVersion = (sql: PgClient.PgClient, projection: string): Effect.Effect<number | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<{ previous_version: number | null }>`select previous_version from projections where projection = ${projection}`,
    ([pointer]) => pointer?.previous_version ?? undefined
  )

/** How far a version is, and whether it is read. */
export interface VersionProgress {
  readonly projection: string
  readonly version: number
  readonly state: VersionState["state"]
  /** Whether it is the active version; null where the projection has no active version yet. */
  readonly active: boolean | null
  /** Whether it was the active version before; null where there was none. */
  readonly previous: boolean | null
  /** Events of the log that are folded. */
  readonly done: bigint
  /** Events of the log, of all types. */
  readonly total: bigint
  /** Users who are parked in it. */
  readonly parked: bigint
}

/** How far every version is that the database knows. */
export const versionProgress = (sql: PgClient.PgClient): Effect.Effect<ReadonlyArray<VersionProgress>, SqlError.SqlError> =>
  sql<VersionProgress>`
    select v.projection, v.version, v.state, p.active_version = v.version as active, p.previous_version = v.version as previous, c.done, c.total,
      (select count(*) from parked_users u where u.projection = v.projection and u.version = v.version) as parked
    from projection_versions v
    join (${Checkpoints.progressOfAll(sql)}) as c on c.projection = v.projection and c.version = v.version
    left join projections p on p.projection = v.projection
    order by v.projection, v.version`

/**
 * Registers a version, with its checkpoints at 0. On an empty log there is nothing to rebuild: it
 * follows the log at once, and becomes active if it is the newest of its projection.
 *
 * A database that is one of several may be empty while the others are not. Its readers keep the
 * version that they had until it is activated everywhere.
 */
export const registerVersion = (
  sql: PgClient.PgClient,
  { identity, projection, source, version }: KnownVersion
): Effect.Effect<VersionState["state"], SqlError.SqlError> =>
  Effect.gen(function*() {
    const [log] = yield* sql<{ empty: boolean }>`select not exists (select from slice_heads where position > 0) as empty`
    const state = log?.empty === true ? "following" : "building"
    yield* sql`
      insert into projection_versions (projection, version, identity, state, source)
      values (${projection}, ${version}, ${identity}, ${state}, ${source})`
    yield* Checkpoints.add(sql, { name: projection, version })
    if (state === "following") {
      yield* sql`
        insert into projections (projection, active_version) values (${projection}, ${version})
        on conflict (projection) do update set active_version =
          case when projections.activated_at < now() and exists (select from partition_identity) then projections.active_version
          else greatest(projections.active_version, excluded.active_version) end`
    }
    return state
  })

/**
 * Has a version fed with the others from now on. If it is active, it was rebuilt under its readers,
 * who are told.
 */
export const follow = (sql: PgClient.PgClient, projection: string, version: number): Effect.Effect<void, SqlError.SqlError> =>
  sql.withTransaction(
    Effect.andThen(
      sql`update projection_versions set state = 'following' where projection = ${projection} and version = ${version}`,
      addVersionGeneration(sql, projection, version)
    )
  )

/** Notes the fingerprint of a version by another scheme: its rows are the same. */
export const renameIdentity = (
  sql: PgClient.PgClient,
  { identity, projection, version }: KnownVersion
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`update projection_versions set identity = ${identity} where projection = ${projection} and version = ${version}`)

/** Notes the source that a version's rows agree with, if there is one to be read. */
export const noteSource = (
  sql: PgClient.PgClient,
  { projection, source, version }: Omit<KnownVersion, "identity">
): Effect.Effect<void, SqlError.SqlError> =>
  source === null
    ? Effect.void
    : Effect.asVoid(sql`update projection_versions set source = ${source} where projection = ${projection} and version = ${version}`)

/**
 * Starts a version over, also one that does something else now: nothing is folded, nobody is
 * parked, and it is to be rebuilt. Its epochs are raised.
 */
export const restartVersion = (
  sql: PgClient.PgClient,
  { identity, projection, source, version }: KnownVersion
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* Checkpoints.setBack(sql, { name: projection, version })
    yield* sql`
      update projection_versions set identity = ${identity}, state = 'building', source = ${source}
      where projection = ${projection} and version = ${version}`
    yield* ParkedUsers.removeVersion(sql, { name: projection, version })
  })
