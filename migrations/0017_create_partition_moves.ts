import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * Moving slices to another database (docs/partitions.md#moving-a-partition).
 *
 * `partition_moves`, in the home database only, says which slices are moving, where to, and how far
 * that is. `mover` is the command that carries the move on: one that takes over has a greater
 * number, and each statement of a move is refused for a lesser one.
 *
 * `partition_fence` has a row in the database that slices leave, as long as the move takes. It is
 * replicated. `beats` measures how far the target is behind. A fence takes the heads and the
 * checkpoints of the slices away, into `fenced_heads` and `fenced_checkpoints`. Who serves the
 * slices next brings them back from there: these two tables have the columns of the others.
 * `is_split` says that rows of projections are not replicated: `erased_while_moving` then tells the
 * target whose rows have to go.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table partition_moves (
      partition smallint primary key,
      move uuid not null,
      mover bigint not null,
      becomes smallint not null,
      first_slice smallint not null,
      last_slice smallint not null check (last_slice >= first_slice),
      source text not null,
      target text not null,
      step text not null check (step in ('preparing', 'copying', 'fencing', 'leaving')),
      noted_at timestamptz not null default clock_timestamp(),
      stepped_at timestamptz not null default clock_timestamp()
    )`
  yield* sql`
    create table partition_fence (
      only_row boolean primary key default true check (only_row),
      move uuid not null,
      mover bigint not null,
      target text not null,
      is_split boolean not null,
      beats bigint not null default 0,
      is_fenced boolean not null default false
    )`
  yield* sql`create table fenced_heads (like slice_heads including all)`
  yield* sql`create table fenced_checkpoints (like checkpoints including all)`
  yield* sql`
    create table erased_while_moving (
      tenant_id uuid not null,
      user_id text collate "C" not null,
      slice smallint not null,
      primary key (tenant_id, user_id)
    )`

  // While a partition that was split still has rows of the slices that left.
  yield* sql`alter table partitions drop constraint partitions_state_check`
  yield* sql`alter table partitions add constraint partitions_state_check check (state in ('serving', 'moving', 'shrinking'))`
})
