import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * The histories of the log. A history is a stretch in which nothing that was committed is lost: it
 * ends when PostgreSQL is promoted, restored, copied or restarted. The first append to what runs
 * then stores the next row, in a transaction that holds all heads: `heads` is where the log was,
 * and `last_recorded_at` when the last event before it was recorded.
 *
 * The numbers repeat after a restore, the random tags do not. `server_started`, `timeline` and
 * `storage` name the server that the history was written on, and are null where the database does
 * not tell.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table log_histories (
      history bigint primary key,
      tag bigint not null,
      timeline text,
      server_started text,
      storage text,
      began_at timestamptz not null,
      last_recorded_at timestamptz not null,
      heads bigint[] not null check (cardinality(heads) = 256)
    )`
})
