import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { addVersionGeneration } from "./generations.ts"

/** What the database knows of a version: what it does, and whether it is still to be rebuilt or fed with the others. */
export interface VersionState {
  readonly projection: string
  readonly version: number
  readonly identity: string
  readonly state: "building" | "following"
}

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/** Every version the database knows. */
export const versionStates = (sql: PgClient.PgClient): Sql<ReadonlyArray<VersionState>> =>
  sql<VersionState>`select projection, version, identity, state from projection_versions order by projection, version`

/** The version of each projection that is read. */
export const activeVersions = (sql: PgClient.PgClient): Sql<ReadonlyMap<string, number>> =>
  Effect.map(
    sql<{ projection: string; active_version: number }>`select projection, active_version from projections`,
    (rows) => new Map(rows.map((row) => [row.projection, row.active_version]))
  )

/**
 * Makes a version known, with its checkpoints at 0. On an empty log there is nothing to rebuild: it follows the log at once, and is read if it is
 * the first of its name or the newest.
 */
export const registerVersion = (
  sql: PgClient.PgClient,
  { identity, projection, version }: Omit<VersionState, "state">
): Sql<VersionState["state"]> =>
  Effect.gen(function*() {
    const [log] = yield* sql<{ empty: boolean }>`select not exists (select from slice_heads where position > 0) as empty`
    const state = log?.empty === true ? "following" : "building"
    yield* sql`
      insert into projection_versions (projection, version, identity, state) values (${projection}, ${version}, ${identity}, ${state})`
    yield* sql`insert into checkpoints (slice, projection, version) select slice, ${projection}, ${version} from slice_heads`
    if (state === "following") {
      yield* sql`
        insert into projections (projection, active_version) values (${projection}, ${version})
        on conflict (projection) do update set active_version = greatest(projections.active_version, excluded.active_version)`
    }
    return state
  })

/** Has a version fed with the others from now on. If it is read already, it was made anew under its readers, who are told. */
export const follow = (sql: PgClient.PgClient, projection: string, version: number): Sql<void> =>
  sql.withTransaction(
    Effect.andThen(
      sql`update projection_versions set state = 'following' where projection = ${projection} and version = ${version}`,
      addVersionGeneration(sql, projection, version)
    )
  )

/** Starts a version over: nothing folded, nobody parked, to be rebuilt; what it does may have changed. Its epochs are raised. */
export const restartVersion = (sql: PgClient.PgClient, { identity, projection, version }: Omit<VersionState, "state">): Sql<void> =>
  Effect.gen(function*() {
    // In the order in which everybody takes them.
    yield* sql`select 1 from checkpoints where projection = ${projection} and version = ${version} order by slice for update`
    yield* sql`
      update projection_versions set identity = ${identity}, state = 'building' where projection = ${projection} and version = ${version}`
    yield* sql`
      update checkpoints set position = 0, epoch = epoch + 1 where projection = ${projection} and version = ${version}`
    yield* sql`delete from parked_users where projection = ${projection} and version = ${version}`
  })
