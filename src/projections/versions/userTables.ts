import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { sliceOf } from "../../event-log/sliceOf.ts"
import type { SliceRange } from "../../event-log/statements/servedSlices.ts"
import { known } from "../../values/known.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import type { UserRef } from "../tables/ProjectionStore.ts"
import { subtractLess } from "../tables/splitCounts.ts"
import { versionStates } from "./versions.ts"

/** A table of a version, each of whose rows is of a user. */
export interface UserTable {
  /** As SQL names it. */
  readonly name: string
  /** Whether users are counted in the order of its rows. */
  readonly isRanking: boolean
}

/**
 * The tables with rows of users, of every version that the database knows. They are known by their
 * names, for a version that this code does not know may still be fed by another release.
 */
export const userTables = (sql: PgClient.PgClient): Effect.Effect<ReadonlyArray<UserTable>, SqlError.SqlError> =>
  Effect.flatMap(versionStates(sql), (versions) =>
    sql<UserTable>`
      select quote_ident(c.relname) as name,
        exists (select from pg_trigger as t where t.tgrelid = c.oid and t.tgname = 'ranking_delete') as "isRanking"
      from pg_class as c
      where c.relkind in ('r', 'p') and pg_table_is_visible(c.oid)
        and exists (
          select from unnest(${arrayOf.text(versions.map(({ projection, version }) => `${projection}_v${version}_`))}::text[]) as p (prefix)
          where starts_with(c.relname, p.prefix)
        )
        and 2 = (select count(*) from pg_attribute as a
          where a.attrelid = c.oid and a.attname in ('tenant_id', 'user_id') and not a.attisdropped)
      order by c.relname collate "C"`)

/** How far the rows of a table have been gone through. */
export interface RowsRemoved {
  readonly rows: number
  /** The user to go on after; undefined at the end of the table. */
  readonly next: UserRef | undefined
}

/** From where the rows of a table are gone through. */
export const beforeAllUsers: UserRef = { tenantId: "00000000-0000-0000-0000-000000000000" as TenantId, userId: "" as UserId }

/**
 * Removes rows of users of some slices, which another database has, in the caller's transaction: at
 * most `limit` rows of the `users` users that follow one.
 *
 * Nobody writes rows of these users, since their slices have no checkpoints here. Of a ranking that
 * is read meanwhile, what is subtracted for these users becomes less.
 */
export const removeRowsOfSlices = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  { isRanking, name }: UserTable,
  { after, limit, range, users }: {
    readonly after: UserRef
    readonly range: SliceRange
    readonly users: number
    readonly limit: number
  }
) {
  const found = yield* sql.unsafe<{ tenant_id: TenantId; user_id: UserId }>(
    `with recursive found as (
      (
        select t.tenant_id, t.user_id from ${name} as t where (t.tenant_id, t.user_id) > ($1::uuid, $2::text collate "C")
        order by t.tenant_id, t.user_id limit 1
      )
      union all
      select n.* from found cross join lateral (
        select t.tenant_id, t.user_id from ${name} as t where (t.tenant_id, t.user_id) > (found.tenant_id, found.user_id)
        order by t.tenant_id, t.user_id limit 1
      ) as n
    ) select tenant_id, user_id from found limit $3`,
    [after.tenantId, after.userId, users]
  )
  const last = found.at(-1)
  const others = found.filter(({ tenant_id, user_id }) => {
    const slice = sliceOf(tenant_id, user_id)
    return range.first <= slice && slice <= range.last
  })
  const less = isRanking ? yield* subtractLess(sql, name) : ""
  const [gone] = yield* sql.unsafe<{ rows: number }>(
    `with gone as (
      delete from ${name} where ctid = any (array(
        select t.ctid from unnest($1::uuid[], $2::text[]) as u (tenant_id, user_id)
        cross join lateral (select ctid from ${name} as t where t.tenant_id = u.tenant_id and t.user_id = u.user_id limit $3) as t
        limit $3
      )) returning ${less === "" ? "1" : "*"}
    )${less} select count(*)::int as rows from gone`,
    [arrayOf.uuid(others.map(({ tenant_id }) => tenant_id)), arrayOf.text(others.map(({ user_id }) => user_id)), limit]
  )
  const { rows } = known(gone, "the count of removed rows")
  // Of a user with many rows there may be more.
  const next = rows >= limit
    ? after
    : found.length < users || last === undefined
    ? undefined
    : { tenantId: last.tenant_id, userId: last.user_id }
  return { rows, next } satisfies RowsRemoved
})
