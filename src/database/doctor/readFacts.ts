import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { known } from "../../values/known.ts"

/**
 * What a database says about itself.
 *
 * A null is a fact that the role may not know. Every statement only reads, so it also runs on a
 * standby.
 */
export interface DatabaseFacts {
  readonly version: string
  readonly version_number: number
  readonly role: string
  readonly is_superuser: boolean
  readonly reads_all_stats: boolean
  readonly database: string
  readonly schema: string | null
  readonly may_create: boolean
  /** Tables of the schema that the role may not read. The log is one if the role may not append. */
  readonly closed_tables: ReadonlyArray<string>
  readonly in_recovery: boolean
  readonly read_only: boolean
  readonly encoding: string
  readonly collation: string
  readonly collation_version: string | null
  readonly collation_version_now: string | null
  readonly encrypted: boolean
  readonly tls: string | null
  /** Connections of clients to all databases. */
  readonly connections: number
  readonly free_connections: number
  readonly database_bytes: number
  /** Transaction ids since the oldest that is not frozen. PostgreSQL stops at 2,000 million. */
  readonly transaction_age: number
  readonly sync_standby_names: string
  readonly settings: Readonly<Record<string, string | undefined>>
}

/** A connected standby. */
export interface Standby {
  readonly name: string
  readonly state: string | null
  readonly sync_state: string | null
}

/** A replication slot, for which the server keeps its log. */
export interface Slot {
  readonly name: string
  readonly active: boolean
  readonly wal_status: string | null
  readonly kept_bytes: number | null
}

/** A table with its indexes. */
export interface TableSize {
  readonly name: string
  readonly bytes: number
}

const settings = ["fsync", "full_page_writes", "synchronous_commit", "wal_level", "autovacuum", "max_connections"] as const

/** Reads the facts that fit in one row. */
export const readFacts = (sql: PgClient.PgClient): Effect.Effect<DatabaseFacts, SqlError.SqlError> =>
  Effect.gen(function*() {
    const rows = yield* sql<Omit<DatabaseFacts, "settings">>`
      select
        split_part(current_setting('server_version'), ' ', 1) as version,
        current_setting('server_version_num')::int as version_number,
        session_user::text as role,
        coalesce((select rolsuper from pg_roles where rolname = session_user), false) as is_superuser,
        pg_has_role(session_user, 'pg_read_all_stats', 'member') as reads_all_stats,
        current_database()::text as database,
        current_schema()::text as schema,
        coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create,
        array(
          select c.relname::text
          from pg_class c
          where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
            and not (has_table_privilege(c.oid, 'select') and (c.relname <> 'events' or has_table_privilege(c.oid, 'insert')))
          order by 1
          limit 1000
        ) as closed_tables,
        pg_is_in_recovery() as in_recovery,
        current_setting('transaction_read_only') = 'on' as read_only,
        pg_encoding_to_char(d.encoding)::text as encoding,
        d.datcollate::text as collation,
        d.datcollversion::text as collation_version,
        pg_database_collation_actual_version(d.oid)::text as collation_version_now,
        coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted,
        (select version || ', ' || cipher from pg_stat_ssl where pid = pg_backend_pid()) as tls,
        (select count(*) from pg_stat_activity where backend_type = 'client backend')::int as connections,
        (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true), '0')::int
          - (select count(*) from pg_stat_activity where backend_type = 'client backend'))::int as free_connections,
        pg_database_size(d.oid)::float8 as database_bytes,
        age(d.datfrozenxid)::float8 as transaction_age,
        current_setting('synchronous_standby_names') as sync_standby_names
      from pg_database d
      where d.datname = current_database()`
    const facts = known(rows[0], "row of the database in pg_database")
    const values = yield* sql<{ name: string; value: string | null }>`
      select name, coalesce(
        -- What the role, the database and the server say: the session itself has raised it (see \`synchronousCommit.ts\`).
        (select reset_val from pg_settings p where p.name = s.name and p.name = 'synchronous_commit'),
        current_setting(name, true)
      ) as value
      from unnest(${settings}::text[]) as s (name)`
    return { ...facts, settings: Object.fromEntries(values.map(({ name, value }) => [name, value ?? undefined])) }
  })

/** The connected standbys. */
export const readStandbys = (sql: PgClient.PgClient) =>
  sql<Standby>`
    select coalesce(application_name, 'one that this role may not know') as name, state, sync_state
    from pg_stat_replication
    order by 1
    limit 100`

/** The replication slots, with the bytes of log that the server keeps for each. */
export const readSlots = (sql: PgClient.PgClient) =>
  sql<Slot>`
    select slot_name::text as name, active, wal_status,
      pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)::float8 as kept_bytes
    from pg_replication_slots
    order by 1
    limit 100`

/** The largest tables of the schema. */
export const readTables = (sql: PgClient.PgClient) =>
  sql<TableSize>`
    select c.relname::text as name, pg_total_relation_size(c.oid)::float8 as bytes
    from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
    order by 2 desc, 1
    limit 5`

/**
 * Milliseconds by which the server's clock is ahead of ours, and milliseconds that the statement
 * took.
 */
export const readClock = (sql: PgClient.PgClient, now: () => number) =>
  Effect.gen(function*() {
    // The first statement may open a connection.
    yield* sql`select 1`
    const asked = now()
    const rows = yield* sql<{ time: number }>`select (extract(epoch from clock_timestamp()) * 1000)::float8 as time`
    const answered = now()
    const row = known(rows[0], "row of clock_timestamp()")
    return { ahead: row.time - (asked + answered) / 2, took: answered - asked }
  })
