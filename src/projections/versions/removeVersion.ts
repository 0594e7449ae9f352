import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql"
import * as Checkpoints from "../feed/Checkpoints.ts"
import * as ParkedUsers from "../feed/ParkedUsers.ts"
import { versionId } from "../feed/VersionRef.ts"
import type { ProjectionStore } from "../tables/ProjectionStore.ts"
import { movingTo, whileMoving } from "./movingTo.ts"

/**
 * A version cannot be removed; nothing has changed.
 *
 * - `Active`: it is the version that is read.
 * - `Moving`: slices of the database are moving to another server.
 */
export class RemovalRefused extends Schema.TaggedError<RemovalRefused>("playtally/projections/RemovalRefused")("RemovalRefused", {
  reason: Schema.Literals(["Active", "Moving"]),
  message: Schema.String
}) {}

/**
 * Forgets a version and drops its tables, while everything else goes on. It waits for the chunks
 * that are being fed to the version.
 */
export const removeVersion = (sql: PgClient.PgClient, store: ProjectionStore): Effect.Effect<void, RemovalRefused | SqlError.SqlError> =>
  sql.withTransaction(Effect.gen(function*() {
    const { name, version } = store.projection
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally projections'))`
    const [pointer] = yield* sql<{ active_version: number }>`select active_version from projections where projection = ${name} for update`
    if (pointer?.active_version === version) {
      const message = `${versionId(store.projection)} is the active version: activate another first.`
      return yield* new RemovalRefused({ reason: "Active", message })
    }
    const target = yield* movingTo(sql)
    if (target !== undefined) {
      const message = `${versionId(store.projection)} cannot be removed now: ${whileMoving(target)}`
      return yield* new RemovalRefused({ reason: "Moving", message })
    }
    yield* Checkpoints.remove(sql, store.projection)
    yield* ParkedUsers.removeVersion(sql, store.projection)
    yield* sql`update projections set previous_version = null where projection = ${name} and previous_version = ${version}`
    yield* sql`delete from projection_versions where projection = ${name} and version = ${version}`
    yield* store.drop
  }))
