import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * Erasing users (docs/erasing-a-user.md). An erased event keeps its place,
 * its key and when it was recorded; its user is a pseudonym that is no user id, and nothing else of
 * it is left. `erased_users` says which users have such events, in the order in which they were
 * erased, and a slice's head names the last erasure in it, so that an append knows under its locks
 * whether it has heard of all of them.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table erased_users (
      erasure bigint primary key,
      tenant_id uuid not null references tenants,
      slice smallint not null,
      tag integer not null,
      pseudonym text collate "C" not null check (length(pseudonym) > 256),
      erased_at timestamptz not null,
      unique (tenant_id, pseudonym)
    )`
  yield* sql`alter table slice_heads add column erasure bigint not null default 0`

  // What names the user may stand behind the place at which a long item was cut.
  yield* sql`alter table rejected_events add column cut_user_ids text not null default ''`

  yield* sql`
    create or replace function refuse_change_of_events() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and current_setting('playtally.erasing', true) = 'on' then
        return null;
      end if;
      raise exception 'the event log is append-only: % on % is refused', tg_op, tg_table_name using errcode = 'restrict_violation';
    end $$`
  // Whoever gets past the first one can erase events, and do nothing else to them.
  yield* sql`
    create function refuse_change_but_erasure() returns trigger language plpgsql as $$
    begin
      if length(new.user_id) > 256 and
        (new.slice, new.position, new.recorded_at, new.tenant_id, new.idempotency_key) =
          (old.slice, old.position, old.recorded_at, old.tenant_id, old.idempotency_key) and
        (new.event_type, new.payload_version, new.payload::text, new.occurred_at) = ('erased', 0, '{}', old.recorded_at) then
        return new;
      end if;
      raise exception 'the event log is append-only: an event can be erased, not changed' using errcode = 'restrict_violation';
    end $$`
  yield* sql`
    create trigger events_can_be_erased before update on events
      for each row execute function refuse_change_but_erasure()`

  // The tables are those of this schema, whatever the caller's search path says; nobody else may
  // call it unless the owner lets them.
  const [{ schema } = { schema: "public" }] = yield* sql<{ schema: string }>`select quote_ident(current_schema()) as schema`
  yield* sql`
    create function erase_user(
      of_tenant uuid, of_slice smallint, of_user text, its_pseudonym text, its_tag integer
    ) returns bigint language plpgsql security definer
    set search_path = ${sql.literal(schema)}, pg_temp as $$
    declare
      seen bigint;
      events_erased bigint;
      erased_since bigint;
      this_erasure bigint;
    begin
      -- One erasure at a time: they are seen in the order of their numbers.
      perform pg_advisory_xact_lock(hashtext('playtally projections'));
      -- For the triggers, and until this has ended. (As a setting of the function it could be given by superusers alone.)
      perform set_config('playtally.erasing', 'on', true);
      -- A long history takes seconds, for which nobody's append is to wait: what is there first, and the rest once nothing can be added.
      select position into seen from slice_heads where slice = of_slice;
      update events
        set user_id = its_pseudonym, event_type = 'erased', payload_version = 0, payload = '{}', occurred_at = recorded_at
        where tenant_id = of_tenant and user_id = of_user and position <= seen;
      get diagnostics events_erased = row_count;
      perform from slice_heads where slice = of_slice for update;
      update events
        set user_id = its_pseudonym, event_type = 'erased', payload_version = 0, payload = '{}', occurred_at = recorded_at
        where slice = of_slice and position > seen and tenant_id = of_tenant and user_id = of_user;
      get diagnostics erased_since = row_count;
      perform set_config('playtally.erasing', 'off', true);
      events_erased := events_erased + erased_since;
      if events_erased > 0 then
        select coalesce(max(erasure), 0) + 1 into this_erasure from erased_users;
        insert into erased_users as e (erasure, tenant_id, slice, tag, pseudonym, erased_at)
          values (this_erasure, of_tenant, of_slice, its_tag, its_pseudonym, clock_timestamp())
          on conflict (tenant_id, pseudonym) do update set erasure = excluded.erasure, erased_at = excluded.erased_at;
        update slice_heads set erasure = this_erasure where slice = of_slice;
      end if;
      return events_erased;
    end $$`
  yield* sql`revoke execute on function erase_user(uuid, smallint, text, text, integer) from public`
})
