import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * Long work that was started from the console, how far it is, and what came of it.
 *
 * The table is used in the home database only. The process that does a job notes its progress every
 * second, so a job whose `beat_at` is old has lost its process. `named` has the users whom the
 * outcome or the input names, as hashes. `erased` has those who were erased while the job ran.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table jobs (
      job_id bigint primary key,
      kind text not null,
      subject text not null,
      input json not null,
      state text not null default 'running' check (state in ('running', 'done', 'failed', 'stopped', 'lost')),
      is_to_stop boolean not null default false,
      progress json,
      outcome json,
      problem text,
      named text[] not null default '{}',
      erased text[] not null default '{}',
      started_at timestamptz not null default clock_timestamp(),
      beat_at timestamptz not null default clock_timestamp(),
      ended_at timestamptz
    )`
  yield* sql`create unique index jobs_running on jobs (subject) where state = 'running'`
})
