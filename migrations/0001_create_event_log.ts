import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * The append-only log (docs/architecture.md#slices-and-positions). `log_format` holds what is fixed
 * when a database is created: the number of slices, part of the data format, and the number of
 * writer lanes, which all processes on one database must share so that their lanes never wait for
 * each other's slices.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table log_format (
      only_row boolean primary key default true check (only_row),
      slice_count smallint not null,
      lane_count smallint not null
    )`
  yield* sql`insert into log_format (slice_count, lane_count) values (256, 2)`

  // One row a slice, updated by every append: room for HOT updates, and vacuumed long before the
  // table grows.
  yield* sql`
    create table slice_heads (
      slice smallint primary key,
      position bigint not null default 0,
      recorded_at timestamptz not null default 'epoch'
    ) with (fillfactor = 20, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0)`
  yield* sql`insert into slice_heads (slice) select generate_series(0, 255)`

  // Fixed-width columns first, so that no row pays for alignment.
  yield* sql`
    create table events (
      position bigint not null,
      occurred_at timestamptz not null,
      recorded_at timestamptz not null,
      tenant_id uuid not null,
      idempotency_key uuid not null,
      slice smallint not null,
      payload_version smallint not null,
      event_type text collate "C" not null,
      user_id text collate "C" not null,
      payload json not null,
      constraint events_position primary key (slice, position),
      constraint events_idempotency_key unique (tenant_id, user_id, idempotency_key)
    ) with (autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.05)`

  yield* sql`
    create function refuse_change_of_events() returns trigger language plpgsql as $$
    begin
      raise exception 'the event log is append-only: % on % is refused', tg_op, tg_table_name using errcode = 'restrict_violation';
    end $$`
  yield* sql`
    create trigger events_are_append_only before update or delete or truncate on events
      for each statement execute function refuse_change_of_events()`
})
