import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import type { SliceRange } from "../../event-log/statements/servedSlices.ts"
import type { Slice } from "../../values/Slice.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import type { UserRef } from "../tables/ProjectionStore.ts"

/*
 * Numbers change without events where somebody activates a version, rebuilds or unparks a user or
 * changes a zone, and where a log goes back. Each such operation adds one row to `generations` in
 * the transaction with which its result becomes visible.
 */

/** What an operation changed; what is left out means all. */
export interface GenerationScope {
  readonly projection?: string
  readonly tenantId?: TenantId
  readonly slice?: Slice
  /** Of the tenant and slice, which are given too. */
  readonly userId?: UserId
}

/** A row as it is read. */
export interface Generation {
  readonly generation: number
  readonly projection: string | null
  readonly slice: Slice | null
  readonly userId: UserId | null
}

/**
 * Most rows of single users of a tenant and projection. One more, and a row for all of the tenant's
 * users takes their place.
 */
export const maxUserGenerations = 1000

/**
 * Adds a generation at the end of the caller's transaction, which must be READ COMMITTED.
 * Generations become visible in the order of their numbers: one transaction at a time adds them,
 * until it has ended. It must wait for no other lock afterwards.
 *
 * A number is the time in milliseconds, or one more than the last. A log that went back may have
 * lost rows; what comes after them is newer all the same.
 */
export const addGeneration = (sql: PgClient.PgClient, scope: GenerationScope): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const { projection = null, slice = null, tenantId = null, userId = null } = scope
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally generations'))`
    const [row] = yield* sql<{ generation: bigint }>`
      insert into generations (generation, projection, tenant_id, slice, user_id)
      select greatest(coalesce(max(generation), 0) + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint),
        ${projection}::text, ${tenantId}::uuid, ${slice}::smallint, ${userId}::text
      from generations
      returning generation`
    if (row === undefined) return yield* Effect.die(new Error("an insert into generations has given no row"))
    // Those that are about nothing else say nothing any more.
    yield* sql`
      delete from generations
      where generation < ${row.generation}
        and (${projection}::text is null or projection = ${projection}::text)
        and (${tenantId}::uuid is null or tenant_id = ${tenantId}::uuid)
        and (${slice}::smallint is null or slice = ${slice}::smallint)
        and (${userId}::text is null or user_id = ${userId}::text)`
    if (userId === null) return
    const [single] = yield* sql<{ users: number }>`
      select count(*)::int as users from generations
      where tenant_id = ${tenantId}::uuid and user_id is not null and projection is not distinct from ${projection}::text`
    if (single === undefined || single.users <= maxUserGenerations) return
    const { slice: _slice, userId: _userId, ...ofTenant } = scope
    yield* addGeneration(sql, ofTenant)
  })

/**
 * The same for one user, if the version is the one that is read. The caller holds its checkpoint of
 * the user's slice.
 */
export const addUserGeneration = (
  sql: PgClient.PgClient,
  { name, version }: { readonly name: string; readonly version: number },
  { tenantId, userId }: UserRef
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.flatMap(
    isRead(sql, name, version),
    (isActive) => isActive ? addGeneration(sql, { projection: name, tenantId, slice: sliceOf(tenantId, userId), userId }) : Effect.void
  )

/** The same for a version as a whole. */
export const addVersionGeneration = (sql: PgClient.PgClient, name: string, version: number): Effect.Effect<void, SqlError.SqlError> =>
  Effect.flatMap(isRead(sql, name, version), (isActive) => isActive ? addGeneration(sql, { projection: name }) : Effect.void)

const isRead = (sql: PgClient.PgClient, name: string, version: number) =>
  Effect.map(sql`select from projections where projection = ${name} and active_version = ${version}`, (rows) => rows.length > 0)

/** Removes what names an erased user, in the caller's transaction. */
export const forgetGenerations = (sql: PgClient.PgClient, { tenantId, userId }: UserRef): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from generations where tenant_id = ${tenantId}::uuid and user_id = ${userId}`)

/** Removes what is only about users of some slices, which another database has. */
export const forgetSlices = (sql: PgClient.PgClient, { first, last }: SliceRange): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`delete from generations where slice between ${first} and ${last}`)

interface GenerationRow {
  readonly generation: bigint
  readonly projection: string | null
  readonly slice: Slice | null
  readonly user_id: UserId | null
}

/**
 * The generations of a tenant's users after one up to another, each with all that it is about, in
 * no order.
 */
export const generationsBetween = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  { after, upTo }: { readonly after: number; readonly upTo: number }
): Effect.Effect<ReadonlyArray<Generation>, SqlError.SqlError> =>
  Effect.map(
    sql<GenerationRow>`
      select generation, projection, slice, user_id from generations
      where generation > ${BigInt(after)} and generation <= ${BigInt(upTo)} and (tenant_id is null or tenant_id = ${tenantId}::uuid)`,
    (rows) => rows.map(toGeneration)
  )

/** The tenants whose users have generations after one; undefined if some are about all tenants. */
export const tenantsSince = (sql: PgClient.PgClient, after: number): Effect.Effect<ReadonlySet<string> | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<{ tenant_id: TenantId | null }>`select distinct tenant_id from generations where generation > ${BigInt(after)}`,
    (rows) => {
      const tenants = new Set<string>()
      for (const { tenant_id } of rows) {
        if (tenant_id === null) return undefined
        tenants.add(tenant_id)
      }
      return tenants
    }
  )

const toGeneration = ({ generation, projection, slice, user_id }: GenerationRow): Generation => ({
  generation: Number(generation),
  projection,
  slice,
  userId: user_id
})

/**
 * SQL that gives the rows about a tenant's users, as (generation, projection, slice, user_id): of
 * all users, and of those named if not all.
 */
export const generationsOf = (sql: PgClient.PgClient, tenantId: TenantId, userIds: ReadonlyArray<UserId> | undefined) =>
  sql`
    select generation, projection, slice, user_id from generations
    where user_id is null and (tenant_id is null or tenant_id = ${tenantId}::uuid)
    union all
    select generation, projection, slice, user_id from generations
    where user_id is not null and tenant_id = ${tenantId}::uuid
      and (${userIds === undefined} or user_id = any (${arrayOf.text(userIds ?? [])}::text[]))`

/** The newest generation of some rows for each of some projections; 0 where there is none. */
export const newestOf = (
  generations: ReadonlyArray<Generation>,
  projections: ReadonlyArray<string>,
  user?: { readonly slice: Slice; readonly userId: UserId }
): Readonly<Record<string, number>> => {
  const newest: Record<string, number> = Object.fromEntries(projections.map((name) => [name, 0]))
  for (const { generation, projection, slice, userId } of generations) {
    if (user !== undefined && ((slice !== null && slice !== user.slice) || (userId !== null && userId !== user.userId))) continue
    for (const name of projection === null ? projections : [projection]) {
      const known = newest[name]
      if (known !== undefined && generation > known) newest[name] = generation
    }
  }
  return newest
}

/** The newest generation of a user's rows, for each of some projections. */
export const newestGenerations = (sql: PgClient.PgClient, { tenantId, userId }: UserRef, projections: ReadonlyArray<string>) =>
  Effect.map(
    sql<GenerationRow>`${generationsOf(sql, tenantId, [userId])}`,
    (rows) => newestOf(rows.map(toGeneration), projections, { userId, slice: sliceOf(tenantId, userId) })
  )

/**
 * Adds a generation of everything because the log went back, in the caller's transaction: once for
 * each history of the log, whichever process notices. What was activated, rebuilt or unparked may
 * have gone back with it.
 */
export const addGenerationAfterLoss = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const isTold = Effect.map(
      sql`
        select from generations
        where projection is null and tenant_id is null and slice is null
          and at >= (select began_at from log_histories order by history desc limit 1)`,
      (rows) => rows.length > 0
    )
    if (yield* isTold) return
    yield* sql`select pg_advisory_xact_lock(hashtext('playtally generations'))`
    if (!(yield* isTold)) yield* addGeneration(sql, {})
  })
