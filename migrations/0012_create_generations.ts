import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * The operations that changed numbers without events, such as the activation of a version, a row
 * each: which projections, tenants, slices and users they are about. Null means all. The feed of
 * changes tells these users once more, and every document says the newest generation of its
 * sections.
 *
 * Erasures are told too, a tenant's in their order.
 *
 * A history of the log says which generation and which erasure were the last when it began, as its
 * heads say of events: a reader who was told of a later one in the history before was told of
 * something that is lost.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table generations (
      generation bigint primary key,
      projection text,
      tenant_id uuid references tenants,
      slice smallint,
      user_id text collate "C",
      at timestamptz not null default clock_timestamp(),
      check (user_id is null or (tenant_id is not null and slice is not null))
    )`
  yield* sql`create index generations_of_users on generations (tenant_id, user_id) where user_id is not null`
  yield* sql`create index generations_of_all on generations (tenant_id) where user_id is null`
  yield* sql`create index erased_users_of_tenant on erased_users (tenant_id, erasure)`

  yield* sql`
    create function newest_generation() returns bigint language sql volatile as $$
      select coalesce(max(generation), 0) from generations
    $$`
  yield* sql`
    create function newest_erasure() returns bigint language sql volatile as $$ select coalesce(max(erasure), 0) from erased_users $$`
  // A default is worked out for each row that is inserted, and once for those that are there.
  yield* sql`
    alter table log_histories
      add column generation bigint not null default newest_generation(),
      add column erasure bigint not null default newest_erasure()`
})
