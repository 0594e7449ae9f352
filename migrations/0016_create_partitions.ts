import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * The parts of a log that lies in several databases (docs/partitions.md).
 *
 * `partitions` is the directory, in the home database only: which slices each partition has, on
 * which server, since which epoch. Without a row the log has one partition. `partition_identity`
 * says in each database which log and which partition it belongs to. Without a row the database is
 * a log by itself.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table partitions (
      partition smallint primary key check (partition >= 0),
      first_slice smallint not null check (first_slice >= 0),
      last_slice smallint not null check (last_slice between first_slice and 255),
      server text not null,
      epoch bigint not null,
      state text not null default 'serving' check (state in ('serving', 'moving'))
    )`
  yield* sql`
    create table partition_identity (
      only_row boolean primary key default true check (only_row),
      log uuid not null,
      partition smallint,
      epoch bigint not null default 0
    )`
})
