import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * Tenants and their keys. A key is stored as its SHA-256 only; `key_namespace` is the secret in
 * which idempotency keys are named (docs/design.md#idempotency).
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table tenants (
      tenant_id uuid primary key default gen_random_uuid(),
      name text not null unique,
      time_zone text not null,
      week_start smallint not null default 1 check (week_start between 1 and 7),
      key_namespace uuid not null default gen_random_uuid(),
      created_at timestamptz not null default now()
    )`
  yield* sql`
    create table api_keys (
      api_key_id uuid primary key default gen_random_uuid(),
      tenant_id uuid not null references tenants,
      name text not null,
      key_hash bytea not null unique,
      scopes text[] not null check (scopes <@ array['ingest', 'read', 'admin'] and cardinality(scopes) > 0),
      created_at timestamptz not null default now(),
      revoked_at timestamptz
    )`
})
