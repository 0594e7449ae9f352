import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import * as Checkpoints from "../feed/Checkpoints.ts"
import * as ParkedUsers from "../feed/ParkedUsers.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"

/**
 * Forgets a version and drops its tables, while everything else goes on; false, and nothing has
 * changed, if it is the one that is read. It waits for the chunks that are being fed to it; whoever
 * still knows it in the code finds no checkpoints any more and leaves it alone.
 */
export const removeVersion = (sql: PgClient.PgClient, store: ProjectionStore): Effect.Effect<boolean, SqlError.SqlError> =>
  sql.withTransaction(Effect.gen(function*() {
    const { name, version } = store.projection
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally projections'))`
    const [pointer] = yield* sql<{ active_version: number }>`select active_version from projections where projection = ${name} for update`
    if (pointer?.active_version === version) return false
    yield* Checkpoints.remove(sql, store.projection)
    yield* ParkedUsers.removeVersion(sql, store.projection)
    yield* sql`update projections set previous_version = null where projection = ${name} and previous_version = ${version}`
    yield* sql`delete from projection_versions where projection = ${name} and version = ${version}`
    yield* store.drop
    return true
  }))
