import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * Erasing a user in steps. A user who stands in `unfinished_erasures` reads as erased already:
 * readers and feeds pass over what the log still has of the user. The row goes with the last step,
 * and with it the user id. Events up to `position` are erased; `events` and the others count what
 * is gone so far.
 *
 * `erase_user` takes one step now: of at most `at_most` events, after the position `after`. The
 * user's events are few and found by their key, or many and found position by position, so that a
 * step reads no more than it has to.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table unfinished_erasures (
      tenant_id uuid not null references tenants,
      user_id text collate "C" not null,
      slice smallint not null,
      position bigint not null default 0,
      rows_left boolean not null default true,
      again boolean not null,
      events bigint not null default 0,
      rows bigint not null default 0,
      parked bigint not null default 0,
      rejected bigint not null default 0,
      began_at timestamptz not null default clock_timestamp(),
      moved_at timestamptz not null default clock_timestamp(),
      primary key (tenant_id, user_id)
    )`

  yield* sql`drop function erase_user(uuid, smallint, text, text, integer)`
  const [{ schema } = { schema: "public" }] = yield* sql<{ schema: string }>`select quote_ident(current_schema()) as schema`
  yield* sql`
    create function erase_user(
      of_tenant uuid, of_slice smallint, of_user text, its_pseudonym text, its_tag integer, after bigint, at_most integer,
      out events_erased bigint, out reached bigint, out is_last boolean
    ) language plpgsql security definer
    set search_path = ${sql.literal(schema)}, pg_temp as $$
    declare
      seen bigint;
      head bigint;
      places bigint[];
      erased_since bigint;
      this_erasure bigint;
    begin
      -- For the triggers, and until this has ended. (As a setting of the function it could be given by superusers alone.)
      perform set_config('playtally.erasing', 'on', true);
      -- Events take a while, for which no append is to wait: the head comes last.
      select position into seen from slice_heads where slice = of_slice;
      reached := seen;
      if after = 0 then
        select array_agg(e.position) into places
          from (select position from events where tenant_id = of_tenant and user_id = of_user limit at_most + 1) as e;
      end if;
      if after > 0 or array_length(places, 1) > at_most then
        -- A user with many events is dense in the slice. Where not, a step ends after ten times as many positions.
        reached := least(seen, after + 10 * at_most::bigint);
        -- Read by position and nothing else, whatever the database knows of its users: "offset 0" keeps it so.
        select array_agg(e.position order by e.position) into places from (
          select r.position from (
            select position, tenant_id, user_id from events
            where slice = of_slice and position > after and position <= reached order by position offset 0
          ) as r
          where r.tenant_id = of_tenant and r.user_id = of_user order by r.position limit at_most
        ) as e;
        if array_length(places, 1) = at_most then reached := places[at_most]; end if;
      end if;
      update events
        set user_id = its_pseudonym, event_type = 'erased', payload_version = 0, payload = '{}', occurred_at = recorded_at
        where slice = of_slice and position = any (places);
      get diagnostics events_erased = row_count;

      -- One erasure at a time: they are seen in the order of their numbers.
      perform pg_advisory_xact_lock(hashtext('playtally projections'));
      select position into head from slice_heads where slice = of_slice for update;
      -- The rest, once nothing can be added, if that takes no time.
      is_last := head - reached <= least(at_most, 500);
      if is_last then
        update events
          set user_id = its_pseudonym, event_type = 'erased', payload_version = 0, payload = '{}', occurred_at = recorded_at
          where slice = of_slice and position = any (array(
            select r.position from (
              select position, tenant_id, user_id from events where slice = of_slice and position > reached offset 0
            ) as r where r.tenant_id = of_tenant and r.user_id = of_user
          ));
        get diagnostics erased_since = row_count;
        events_erased := events_erased + erased_since;
        reached := head;
      end if;
      perform set_config('playtally.erasing', 'off', true);
      -- An append that has begun before finds another number in the head than it knows, and looks again.
      if events_erased > 0 then
        select coalesce(max(erasure), 0) + 1 into this_erasure from erased_users;
        insert into erased_users as e (erasure, tenant_id, slice, tag, pseudonym, erased_at)
          values (this_erasure, of_tenant, of_slice, its_tag, its_pseudonym, clock_timestamp())
          on conflict (tenant_id, pseudonym) do update set erasure = excluded.erasure, erased_at = excluded.erased_at;
        update slice_heads set erasure = this_erasure where slice = of_slice;
      end if;
    end $$`
  yield* sql`revoke execute on function erase_user(uuid, smallint, text, text, integer, bigint, integer) from public`
})
