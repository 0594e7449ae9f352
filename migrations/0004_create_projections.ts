import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"

/**
 * What the projections keep about themselves: which version of each is read (`projections`), what
 * each version does and whether it is fed with the others (`projection_versions`: a version on a
 * log that has events is `building` until a rebuild has caught up, then `following`), how far each
 * has come in each slice (`checkpoints`; the epoch is raised by whatever changes a version's rows
 * outside its feed), and whose events a version could not fold (`parked_users`). The rows
 * themselves live in tables of their own, one set a version, made when a version is first
 * registered.
 */
export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    create table projection_versions (
      projection text not null,
      version integer not null,
      identity text not null,
      state text not null check (state in ('building', 'following')),
      primary key (projection, version)
    )`
  yield* sql`
    create table projections (
      projection text primary key,
      active_version integer not null,
      previous_version integer,
      activated_at timestamptz not null default now(),
      foreign key (projection, active_version) references projection_versions (projection, version)
    )`
  yield* sql`
    create table checkpoints (
      slice smallint not null,
      projection text not null,
      version integer not null,
      position bigint not null default 0,
      epoch bigint not null default 0,
      primary key (slice, projection, version)
    ) with (fillfactor = 20, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0)`
  yield* sql`
    create table parked_users (
      projection text not null,
      version integer not null,
      tenant_id uuid not null,
      user_id text collate "C" not null,
      slice smallint not null,
      position bigint not null,
      error text not null,
      parked_at timestamptz not null default now(),
      primary key (projection, version, tenant_id, user_id)
    )`
})
