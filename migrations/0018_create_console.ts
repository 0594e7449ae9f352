import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * Who is signed in to the console, and what was changed from it (docs/console.md).
 *
 * Both tables are used in the home database only. `console_sessions` has the SHA-256 of the
 * session's token and of the key that it was opened with, and neither of the two. `audit_entries`
 * has an entry before a change begins, and `outcome` says how it ended. A user is named by the
 * reference that outlives an erasure. No table has a sequence: PostgreSQL moves none with a log.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table console_sessions (
      token_hash bytea primary key,
      key_hash bytea not null,
      is_operator boolean not null,
      created_at timestamptz not null default clock_timestamp(),
      seen_at timestamptz not null default clock_timestamp()
    )`
  yield* sql`create index console_sessions_seen_at on console_sessions (seen_at)`
  yield* sql`
    create table audit_entries (
      audit_entry_id bigint primary key,
      at timestamptz not null default clock_timestamp(),
      actor text not null,
      tenant_id uuid,
      action text not null,
      target text not null,
      outcome text not null default 'begun' check (outcome in ('begun', 'done', 'failed')),
      detail text
    )`
})
