import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { known } from "../values/known.ts"

/** What decides whether a partition can leave a database, and whether one can come to it. */
export interface ReplicationFacts {
  readonly role: string
  readonly database: string
  readonly schema: string
  readonly wal_level: string
  /** Whether the role may open a connection for replication. */
  readonly may_replicate: boolean
  /** Whether the role may make subscriptions. */
  readonly may_subscribe: boolean
  /** Whether the role may make objects of the database, as a publication is one. */
  readonly may_create: boolean
  readonly free_slots: number
  readonly workers: number
}

/** Reads the facts of a database. */
export const readReplicationFacts = (sql: PgClient.PgClient): Effect.Effect<ReplicationFacts, SqlError.SqlError> =>
  Effect.map(
    sql<ReplicationFacts>`
      select current_user::text as role, current_database()::text as database, current_schema()::text as schema,
        current_setting('wal_level') as wal_level,
        rolsuper or rolreplication as may_replicate,
        rolsuper or exists (select from pg_roles s where s.rolname = 'pg_create_subscription' and pg_has_role(current_user, s.oid, 'member'))
          as may_subscribe,
        has_database_privilege(current_database(), 'create') as may_create,
        current_setting('max_replication_slots')::int - (select count(*)::int from pg_replication_slots) as free_slots,
        current_setting('max_logical_replication_workers')::int as workers
      from pg_roles where rolname = current_user`,
    ([row]) => known(row, "role of the session")
  )

/** Slots of a move: its own, and one for each table that is being copied. */
const slotsOfMove = 3

const quoted = (name: string): string => `"${name.replaceAll("\"", "\"\"")}"`

/** What keeps a partition from leaving a database, each with what mends it. */
export const lackingToLeave = (facts: ReplicationFacts): ReadonlyArray<{ readonly says: string; readonly mend: string }> => [
  ...facts.wal_level === "logical" ? [] : [
    { says: `wal_level is ${facts.wal_level}`, mend: "alter system set wal_level = logical; -- and restart" }
  ],
  ...facts.may_replicate ? [] : [
    { says: `the role ${facts.role} has no REPLICATION`, mend: `alter role ${quoted(facts.role)} replication;` }
  ],
  ...facts.may_create ? [] : [{
    says: `the role ${facts.role} may not make a publication`,
    mend: `grant create on database ${quoted(facts.database)} to ${quoted(facts.role)};`
  }],
  ...facts.free_slots >= slotsOfMove ? [] : [{
    says: `${facts.free_slots} replication slots are free, and a move takes ${slotsOfMove}`,
    mend: "alter system set max_replication_slots = 20; -- and restart"
  }]
]

/** What keeps a partition from coming to a database, each with what mends it. */
export const lackingToCome = (facts: ReplicationFacts): ReadonlyArray<{ readonly says: string; readonly mend: string }> => [
  ...facts.may_subscribe ? [] : [{
    says: `the role ${facts.role} may not make a subscription`,
    mend: `grant pg_create_subscription to ${quoted(facts.role)}; -- before PostgreSQL 16 a superuser is needed`
  }],
  ...facts.may_create ? [] : [{
    says: `the role ${facts.role} may not make a subscription in this database`,
    mend: `grant create on database ${quoted(facts.database)} to ${quoted(facts.role)};`
  }],
  ...facts.workers >= 4 ? [] : [{
    says: `max_logical_replication_workers is ${facts.workers}, and a move takes 4`,
    mend: "alter system set max_logical_replication_workers = 8; -- and restart"
  }]
]
