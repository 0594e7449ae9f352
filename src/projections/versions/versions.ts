import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { addVersionGeneration } from "../feed/generations.ts"

/**
 * What the database knows of a version: what it does, and whether it is still to be rebuilt or fed
 * with the others.
 */
export interface VersionState {
  readonly projection: string
  readonly version: number
  readonly identity: string
  readonly state: "building" | "following"
  /**
   * A hash of the source that its rows are known to agree with; null if none was ever there to be
   * read.
   */
  readonly source: string | null
}

/** A version as this code has it. */
export type KnownVersion = Omit<VersionState, "state">

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/** Every version the database knows. */
export const versionStates = (sql: PgClient.PgClient): Sql<ReadonlyArray<VersionState>> =>
  sql<VersionState>`select projection, version, identity, state, source from projection_versions order by projection, version`

/** The version of each projection that is read. */
export const activeVersions = (sql: PgClient.PgClient): Sql<ReadonlyMap<string, number>> =>
  Effect.map(
    sql<{ projection: string; active_version: number }>`select projection, active_version from projections`,
    (rows) => new Map(rows.map((row) => [row.projection, row.active_version]))
  )

/** The version that was read before the active one, if there was one. */
export const previousVersion = (sql: PgClient.PgClient, projection: string): Sql<number | undefined> =>
  Effect.map(
    sql<{ previous_version: number | null }>`select previous_version from projections where projection = ${projection}`,
    ([pointer]) => pointer?.previous_version ?? undefined
  )

/**
 * How far a version is: events of the log that are folded, of all there are, and users parked.
 * `active` is null where none of its name is read yet.
 */
export interface VersionProgress {
  readonly projection: string
  readonly version: number
  readonly state: VersionState["state"]
  readonly active: boolean | null
  readonly done: bigint
  readonly total: bigint
  readonly parked: bigint
}

/** How far every version is that the database knows. */
export const versionProgress = (sql: PgClient.PgClient): Sql<ReadonlyArray<VersionProgress>> =>
  sql<VersionProgress>`
    select v.projection, v.version, v.state, p.active_version = v.version as active,
      sum(c.position)::bigint as done, sum(h.position)::bigint as total,
      (select count(*) from parked_users u where u.projection = v.projection and u.version = v.version) as parked
    from projection_versions v
    join checkpoints c on c.projection = v.projection and c.version = v.version
    join slice_heads h using (slice)
    left join projections p on p.projection = v.projection
    group by v.projection, v.version, v.state, p.active_version
    order by v.projection, v.version`

/**
 * Makes a version known, with its checkpoints at 0. On an empty log there is nothing to rebuild: it
 * follows the log at once, and is read if it is the first of its name or the newest.
 */
export const registerVersion = (
  sql: PgClient.PgClient,
  { identity, projection, source, version }: KnownVersion
): Sql<VersionState["state"]> =>
  Effect.gen(function*() {
    const [log] = yield* sql<{ empty: boolean }>`select not exists (select from slice_heads where position > 0) as empty`
    const state = log?.empty === true ? "following" : "building"
    yield* sql`
      insert into projection_versions (projection, version, identity, state, source)
      values (${projection}, ${version}, ${identity}, ${state}, ${source})`
    yield* sql`insert into checkpoints (slice, projection, version) select slice, ${projection}, ${version} from slice_heads`
    if (state === "following") {
      yield* sql`
        insert into projections (projection, active_version) values (${projection}, ${version})
        on conflict (projection) do update set active_version = greatest(projections.active_version, excluded.active_version)`
    }
    return state
  })

/**
 * Has a version fed with the others from now on. If it is read already, it was made anew under its
 * readers, who are told.
 */
export const follow = (sql: PgClient.PgClient, projection: string, version: number): Sql<void> =>
  sql.withTransaction(
    Effect.andThen(
      sql`update projection_versions set state = 'following' where projection = ${projection} and version = ${version}`,
      addVersionGeneration(sql, projection, version)
    )
  )

/** Notes what a version is called by another scheme: its rows are the same. */
export const renameIdentity = (sql: PgClient.PgClient, { identity, projection, version }: KnownVersion): Sql<void> =>
  Effect.asVoid(sql`update projection_versions set identity = ${identity} where projection = ${projection} and version = ${version}`)

/** Notes the source that a version's rows agree with, if there is one to be read. */
export const noteSource = (sql: PgClient.PgClient, { projection, source, version }: Omit<KnownVersion, "identity">): Sql<void> =>
  source === null
    ? Effect.void
    : Effect.asVoid(sql`update projection_versions set source = ${source} where projection = ${projection} and version = ${version}`)

/**
 * Starts a version over: nothing folded, nobody parked, to be rebuilt; what it does may have
 * changed. Its epochs are raised.
 */
export const restartVersion = (
  sql: PgClient.PgClient,
  { identity, projection, source, version }: KnownVersion
): Sql<void> =>
  Effect.gen(function*() {
    // In the order in which everybody takes them.
    yield* sql`select 1 from checkpoints where projection = ${projection} and version = ${version} order by slice for update`
    yield* sql`
      update projection_versions set identity = ${identity}, state = 'building', source = ${source}
      where projection = ${projection} and version = ${version}`
    yield* sql`
      update checkpoints set position = 0, epoch = epoch + 1 where projection = ${projection} and version = ${version}`
    yield* sql`delete from parked_users where projection = ${projection} and version = ${version}`
  })
