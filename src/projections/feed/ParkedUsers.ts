import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import type { SliceRange } from "../../event-log/statements/servedSlices.ts"
import { known } from "../../values/known.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import { ownerId, type UserRef } from "../tables/ProjectionStore.ts"
import { versionId, type VersionRef } from "./VersionRef.ts"

/*
 * The statements that write the table `parked_users`, which has one row for each user and version
 * that is parked. The feed leaves a parked user out of the version, so the user's rows stand still;
 * everybody else goes on. There are two kinds of rows:
 *
 * - A fold or a payload has failed. The row says at which position and why.
 * - A rebuild of the user in steps is under way: `rebuilt_to` says how far it is, `rebuilt_in` what
 *   the folds knew of the tenant.
 *
 * All functions run in the caller's transaction. One that writes holds the version's checkpoint of
 * the user's slice: see `Checkpoints.ts`.
 */

/** A user whose events a version could not fold, from `position` of the user's slice on. */
export interface ParkedUser extends UserRef {
  readonly projection: string
  readonly version: number
  readonly slice: Slice
  readonly position: Position
  readonly error: string
}

/** Parks a user and logs it. */
export const park = (sql: PgClient.PgClient, user: ParkedUser): Effect.Effect<void, SqlError.SqlError> =>
  note(sql, user).pipe(
    Effect.andThen(Effect.logError("A user's events could not be folded: the user is parked in this projection")),
    Effect.annotateLogs({
      projection: user.projection,
      version: user.version,
      slice: user.slice,
      position: user.position,
      error: user.error
    })
  )

/** Notes that a user is parked. The note of a user who is parked already stays as it is. */
export const note = (sql: PgClient.PgClient, user: ParkedUser): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`
    insert into parked_users (projection, version, tenant_id, user_id, slice, position, error)
    values (${user.projection}, ${user.version}, ${user.tenantId}::uuid, ${user.userId}, ${user.slice}, ${BigInt(user.position)},
      ${user.error.replaceAll("\0", "").slice(0, 2000)})
    on conflict do nothing`)

/** SQL for the condition that a row is of a user in a version. */
const isOf = (sql: PgClient.PgClient, { name, version }: VersionRef, { tenantId, userId }: UserRef) =>
  sql`projection = ${name} and version = ${version} and tenant_id = ${tenantId}::uuid and user_id = ${userId}`

/** Removes the note of a user in a version: the feed takes the user in again. */
export const remove = (sql: PgClient.PgClient, version: VersionRef, user: UserRef): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from parked_users where ${isOf(sql, version, user)}`)

/** Removes all notes of a version, for rows that start over or go. */
export const removeVersion = (sql: PgClient.PgClient, { name, version }: VersionRef): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from parked_users where projection = ${name} and version = ${version}`)

/** Removes all notes of users of some slices, which another database has. */
export const removeSlices = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from parked_users where slice between ${first} and ${last}`)

/** Removes all notes of a user who is erased, and says in how many versions the user was parked. */
export const removeUser = (sql: PgClient.PgClient, { tenantId, userId }: UserRef): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(
    sql`delete from parked_users where tenant_id = ${tenantId}::uuid and user_id = ${userId} returning 1 as gone`,
    (rows) => rows.length
  )

/** Where and why a user is parked in a version; undefined if the user is not. */
export const find = (
  sql: PgClient.PgClient,
  version: VersionRef,
  user: UserRef
): Effect.Effect<Pick<ParkedUser, "position" | "error"> | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<{ error: string; position: bigint }>`select error, position from parked_users where ${isOf(sql, version, user)}`,
    ([row]) => row === undefined ? undefined : { error: row.error, position: Position(Number(row.position)) }
  )

/** One text for a user in a version, for sets. */
export const parkedId = (version: VersionRef, user: UserRef): string => `${versionId(version)}/${ownerId(user)}`

/** Who is parked in some slices, as {@link parkedId}. */
export const idsIn = (sql: PgClient.PgClient, slices: ReadonlyArray<Slice>): Effect.Effect<ReadonlySet<string>, SqlError.SqlError> =>
  Effect.map(
    sql<{ projection: string; version: number; tenant_id: TenantId; user_id: UserId }>`
      select projection, version, tenant_id, user_id from parked_users where slice = any (${arrayOf.int2(slices)}::smallint[])`,
    (rows) =>
      new Set(rows.map((row) => parkedId({ name: row.projection, version: row.version }, { tenantId: row.tenant_id, userId: row.user_id })))
  )

/** Who is parked in a version, of one slice. */
export const inSlice = (
  sql: PgClient.PgClient,
  { name, version }: VersionRef,
  slice: Slice
): Effect.Effect<ReadonlyArray<UserRef>, SqlError.SqlError> =>
  Effect.map(
    sql<{ tenant_id: TenantId; user_id: UserId }>`
      select tenant_id, user_id from parked_users where slice = ${slice} and projection = ${name} and version = ${version}`,
    (rows) => rows.map((row) => ({ tenantId: row.tenant_id, userId: row.user_id }))
  )

/** How many users are parked, a user once for each version. */
export const count = (sql: PgClient.PgClient): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(
    sql<{ users: number }>`select count(*)::int as users from parked_users`,
    ([row]) => known(row, "the count of parked users").users
  )

/** How many users are parked in a version. */
export const countIn = (sql: PgClient.PgClient, { name, version }: VersionRef): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(
    sql<{ users: number }>`select count(*)::int as users from parked_users where projection = ${name} and version = ${version}`,
    ([row]) => known(row, "the count of parked users").users
  )

/** A parked user with the name of the tenant. */
export interface ListedParkedUser extends ParkedUser {
  readonly tenant: string
}

/** Most users listed. */
const maxListed = 1000

/**
 * The users parked in a projection, or in any: the first thousand, in the order of their events.
 */
export const list = (
  sql: PgClient.PgClient,
  projection: string | undefined
): Effect.Effect<ReadonlyArray<ListedParkedUser>, SqlError.SqlError> =>
  Effect.map(
    sql<{
      readonly projection: string
      readonly version: number
      readonly tenant_id: TenantId
      readonly tenant: string
      readonly user_id: UserId
      readonly slice: Slice
      readonly position: bigint
      readonly error: string
    }>`
      select u.projection, u.version, u.tenant_id, t.name as tenant, u.user_id, u.slice, u.position, u.error
      from parked_users u join tenants t using (tenant_id)
      where u.projection = coalesce(${projection ?? null}::text, u.projection)
      order by u.projection, u.version, u.slice, u.position limit ${maxListed}`,
    (rows) =>
      rows.map(({ position, tenant_id, user_id, ...row }) => ({
        ...row,
        tenantId: tenant_id,
        userId: user_id,
        position: Position(Number(position))
      }))
  )

const stepsError = "The user's rows are rebuilt in steps. If nothing does so any more, `projections unpark` goes on where it stopped."

/** How far the rebuild of a user in steps is. */
export interface StepsSoFar {
  /** The position up to which the user's rows are made. */
  readonly rebuiltTo: number
  /** What the folds knew of the tenant; null before the first step. */
  readonly rebuiltIn: string | null
}

/**
 * How far the rebuild of a user in steps is.
 *
 * It is "NoSteps" if the user is parked for another reason, and undefined if the user is not
 * parked.
 */
export const stepsOf = (
  sql: PgClient.PgClient,
  version: VersionRef,
  user: UserRef
): Effect.Effect<StepsSoFar | "NoSteps" | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<{ rebuilt_to: bigint | null; rebuilt_in: string | null }>`
      select rebuilt_to, rebuilt_in from parked_users where ${isOf(sql, version, user)}`,
    ([row]) =>
      row === undefined
        ? undefined
        : row.rebuilt_to === null
        ? "NoSteps"
        : { rebuiltTo: Number(row.rebuilt_to), rebuiltIn: row.rebuilt_in }
  )

/** Parks a user for a rebuild in steps. One that has begun goes on from where it is. */
export const beginSteps = (sql: PgClient.PgClient, { name, version }: VersionRef, user: UserRef): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`
    insert into parked_users (projection, version, tenant_id, user_id, slice, position, error, rebuilt_to)
    values (${name}, ${version}, ${user.tenantId}::uuid, ${user.userId}, ${sliceOf(user.tenantId, user.userId)}, 1, ${stepsError}, 0)
    on conflict (projection, version, tenant_id, user_id) do update
      set position = 1, error = excluded.error, rebuilt_to = coalesce(parked_users.rebuilt_to, 0)`)

/** Notes how far the rebuild of a user in steps is now. */
export const noteSteps = (
  sql: PgClient.PgClient,
  { name, version }: VersionRef,
  { rebuiltIn, rebuiltTo, tenantId, userId }: UserRef & StepsSoFar
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`
    insert into parked_users (projection, version, tenant_id, user_id, slice, position, error, rebuilt_to, rebuilt_in)
    values (${name}, ${version}, ${tenantId}::uuid, ${userId}, ${sliceOf(tenantId, userId)}, ${BigInt(rebuiltTo + 1)}, ${stepsError},
      ${BigInt(rebuiltTo)}, ${rebuiltIn})
    on conflict (projection, version, tenant_id, user_id) do update
      set position = excluded.position, rebuilt_to = excluded.rebuilt_to, rebuilt_in = excluded.rebuilt_in`)

/** A user whose rebuild in steps was begun and has not ended. */
export interface UserInSteps extends UserRef {
  readonly projection: string
  readonly version: number
}

/** A tenant's users whose rebuild in steps has not ended. */
export const usersInSteps = (sql: PgClient.PgClient, tenantId: TenantId): Effect.Effect<ReadonlyArray<UserInSteps>, SqlError.SqlError> =>
  Effect.map(
    sql<{ projection: string; version: number; user_id: UserId }>`
      select projection, version, user_id from parked_users where tenant_id = ${tenantId}::uuid and rebuilt_to is not null
      order by slice, user_id, projection, version`,
    (rows) => rows.map(({ projection, user_id, version }) => ({ tenantId, userId: user_id, projection, version }))
  )
