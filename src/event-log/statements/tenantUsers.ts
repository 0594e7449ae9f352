import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import { isPseudonym } from "../pseudonym.ts"

/**
 * Some of a tenant's users in the order of their ids' UTF-8 bytes, and where to go on; undefined at
 * the end.
 */
export interface UsersPage {
  readonly userIds: ReadonlyArray<UserId>
  readonly next: string | undefined
}

/**
 * A tenant's users with events whose ids follow one: `limit` ids are looked at, one step down the
 * unique key each, however many events a user has. Erased users and those who are being erased are
 * looked at and left out, so a page may have fewer users than there is room for.
 */
export const usersAfter = (
  sql: PgClient.PgClient,
  tenantId: TenantId,
  after: string,
  limit: number
): Effect.Effect<UsersPage, SqlError.SqlError> =>
  Effect.map(
    sql<{ user_id: UserId; is_gone: boolean }>`
      with recursive found as (
        (
          select user_id from events
          where tenant_id = ${tenantId}::uuid and user_id > ${after}::text collate "C" order by user_id limit 1
        )
        union all
        select (
          select e.user_id from events e where e.tenant_id = ${tenantId}::uuid and e.user_id > found.user_id order by e.user_id limit 1
        ) from found where found.user_id is not null
      )
      select user_id, (${tenantId}::uuid, user_id) in (select tenant_id, user_id from unfinished_erasures) as is_gone
      from found where user_id is not null limit ${limit}`,
    (rows) => ({
      userIds: rows.flatMap(({ is_gone, user_id }) => is_gone || isPseudonym(user_id) ? [] : [user_id]),
      next: rows.length < limit ? undefined : rows.at(-1)?.user_id
    })
  )
