import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * Splitting a partition (docs/partitions.md#splitting-a-partition): events of slices that are in
 * another database may be removed, under the setting `playtally.leaving`. Those of a slice whose
 * head is there, or is set aside, stay.
 *
 * A split replicates the rows of all users, so a target has nothing to be told of erasures.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create or replace function refuse_change_of_events() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and current_setting('playtally.erasing', true) = 'on' then
        return null;
      end if;
      if tg_op = 'DELETE' and current_setting('playtally.leaving', true) = 'on' then
        return null;
      end if;
      raise exception 'the event log is append-only: % on % is refused', tg_op, tg_table_name using errcode = 'restrict_violation';
    end $$`
  yield* sql`
    create function refuse_leaving_of_served() returns trigger language plpgsql as $$
    begin
      if exists (select from slice_heads h where h.slice = old.slice) or exists (select from fenced_heads h where h.slice = old.slice) then
        raise exception 'the event log is append-only: slice % is served here', old.slice using errcode = 'restrict_violation';
      end if;
      return old;
    end $$`
  yield* sql`
    create trigger events_can_leave before delete on events
      for each row execute function refuse_leaving_of_served()`

  yield* sql`drop table erased_while_moving`
  yield* sql`alter table partition_fence drop column is_split`
})
