import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError, Statement } from "effect/sql"
import { arrayOf } from "../database/arrayOf.ts"
import type { TenantId } from "../values/TenantId.ts"

/** A row of `tenants`, its secret too. Times are text. */
export interface StoredTenant {
  readonly tenant_id: TenantId
  readonly name: string
  readonly time_zone: string
  readonly week_start: number
  readonly key_namespace: string
  readonly created_at: string
}

/** A row of `api_keys`. `key_hash` is hexadecimal; times are text. */
export interface StoredApiKey {
  readonly api_key_id: string
  readonly tenant_id: TenantId
  readonly name: string
  readonly key_hash: string
  readonly scopes: ReadonlyArray<string>
  readonly created_at: string
  readonly revoked_at: string | null
}

/** SQL for a column of times, as the text in which they are read. */
type TimeText = (column: string) => Statement.Fragment

/** All tenants, by id. */
export const storedTenants = (sql: PgClient.PgClient, time: TimeText): Effect.Effect<ReadonlyArray<StoredTenant>, SqlError.SqlError> =>
  sql<StoredTenant>`
    select tenant_id, name, time_zone, week_start, key_namespace, ${time("created_at")} as created_at from tenants order by tenant_id`

/** All API keys, by id, revoked ones too. */
export const storedApiKeys = (sql: PgClient.PgClient, time: TimeText): Effect.Effect<ReadonlyArray<StoredApiKey>, SqlError.SqlError> =>
  sql<StoredApiKey>`
    select api_key_id, tenant_id, name, encode(key_hash, 'hex') as key_hash, scopes, ${time("created_at")} as created_at,
      ${time("revoked_at")} as revoked_at
    from api_keys order by api_key_id`

/** Inserts tenants and their keys as they were, in the caller's transaction. */
export const insertTenants = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  tenants: ReadonlyArray<StoredTenant>,
  apiKeys: ReadonlyArray<StoredApiKey>
) {
  yield* sql`
    insert into tenants (tenant_id, name, time_zone, week_start, key_namespace, created_at)
    select * from unnest(
      ${arrayOf.uuid(tenants.map((t) => t.tenant_id))}::uuid[],
      ${arrayOf.text(tenants.map((t) => t.name))}::text[],
      ${arrayOf.text(tenants.map((t) => t.time_zone))}::text[],
      ${arrayOf.int2(tenants.map((t) => t.week_start))}::smallint[],
      ${arrayOf.uuid(tenants.map((t) => t.key_namespace))}::uuid[],
      ${arrayOf.text(tenants.map((t) => t.created_at))}::timestamptz[]
    )`
  yield* sql`
    insert into api_keys (api_key_id, tenant_id, name, key_hash, scopes, created_at, revoked_at)
    select api_key_id, tenant_id, name, decode(key_hash, 'hex'), string_to_array(scopes, ','), created_at, revoked_at
    from unnest(
      ${arrayOf.uuid(apiKeys.map((k) => k.api_key_id))}::uuid[],
      ${arrayOf.uuid(apiKeys.map((k) => k.tenant_id))}::uuid[],
      ${arrayOf.text(apiKeys.map((k) => k.name))}::text[],
      ${arrayOf.text(apiKeys.map((k) => k.key_hash))}::text[],
      ${arrayOf.text(apiKeys.map((k) => k.scopes.join(",")))}::text[],
      ${arrayOf.text(apiKeys.map((k) => k.created_at))}::timestamptz[],
      ${arrayOf.text(apiKeys.map((k) => k.revoked_at))}::timestamptz[]
    ) as k (api_key_id, tenant_id, name, key_hash, scopes, created_at, revoked_at)`
})
