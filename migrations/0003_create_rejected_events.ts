import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * What was refused, as received, once each however often it is sent again (docs/rejected-items.md).
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table rejected_events (
      tenant_id uuid not null references tenants,
      reason text not null,
      item_hash bytea not null,
      item text not null,
      truncated boolean not null,
      issues json not null,
      first_at timestamptz not null default now(),
      last_at timestamptz not null default now(),
      times bigint not null default 1,
      primary key (tenant_id, reason, item_hash)
    )`
  yield* sql`create index rejected_events_by_age on rejected_events (tenant_id, last_at)`
})
