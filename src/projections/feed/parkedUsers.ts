import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import { ownerId, type UserRef } from "../tables/ProjectionStore.ts"

/**
 * A user whose events a projection version could not fold, from `position` of the user's slice on.
 * Everybody else goes on.
 */
export interface ParkedUser {
  readonly projection: string
  readonly version: number
  readonly tenantId: string
  readonly userId: string
  readonly slice: number
  readonly position: number
  readonly error: string
}

/** Parks a user, in the caller's transaction, and says so. */
export const park = (sql: PgClient.PgClient, user: ParkedUser): Effect.Effect<void, SqlError.SqlError> =>
  notePark(sql, user).pipe(
    Effect.andThen(Effect.logError("A user's events could not be folded: the user is parked in this projection")),
    Effect.annotateLogs({
      projection: user.projection,
      version: user.version,
      slice: user.slice,
      position: user.position,
      error: user.error
    })
  )

/** Notes that a user is parked, in the caller's transaction. One who is already stays as noted. */
export const notePark = (sql: PgClient.PgClient, user: ParkedUser): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`
    insert into parked_users (projection, version, tenant_id, user_id, slice, position, error)
    values (${user.projection}, ${user.version}, ${user.tenantId}::uuid, ${user.userId}, ${user.slice}, ${BigInt(user.position)},
      ${user.error.replaceAll("\0", "").slice(0, 2000)})
    on conflict do nothing`)

/** One text for a user in a version, for sets. */
export const parkedId = ({ name, version }: Pick<AnyProjection, "name" | "version">, user: UserRef): string =>
  `${name}/${version}/${ownerId(user)}`

/** Who is parked in some slices, as {@link parkedId}. */
export const parkedUsers = (
  sql: PgClient.PgClient,
  slices: ReadonlyArray<number>
): Effect.Effect<ReadonlySet<string>, SqlError.SqlError> =>
  Effect.map(
    sql<{ projection: string; version: number; tenant_id: string; user_id: string }>`
      select projection, version, tenant_id, user_id from parked_users where slice = any (${arrayOf.int2(slices)}::smallint[])`,
    (rows) =>
      new Set(rows.map((row) => parkedId({ name: row.projection, version: row.version }, { tenantId: row.tenant_id, userId: row.user_id })))
  )

/** How many users are parked, a user once for each version. */
export const countParked = (sql: PgClient.PgClient): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(sql<{ users: number }>`select count(*)::int as users from parked_users`, ([row]) => row?.users ?? 0)
