import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type { SqlError } from "effect/sql"
import type { ConnectionTarget } from "../../database/ConnectionTarget.ts"
import type { PartitionMove } from "./moveRecord.ts"

/**
 * The name of all objects of a move: the publication and the slot in the source, the subscription
 * in the target.
 */
const nameOf = ({ move }: PartitionMove): string => `playtally_move_${move.replaceAll("-", "")}`

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** The parameters of libpq for a server, as the target's own process reaches it. */
export const conninfo = ({ address, database, host, password, port, tls, user }: ConnectionTarget): string => {
  const authorities = tls.authorities === "system" ? "system" : tls.authorities.optional ? undefined : tls.authorities.path
  const identity = tls.identity === undefined || tls.identity.certificate.optional ? undefined : tls.identity
  const parameters = {
    host,
    hostaddr: address,
    port: String(port),
    user,
    password: password === undefined ? undefined : Redacted.value(password),
    dbname: database,
    sslmode: host.startsWith("/") ? undefined : tls.mode,
    sslrootcert: authorities,
    sslcert: identity?.certificate.path,
    sslkey: identity?.key.path,
    application_name: "playtally move",
    connect_timeout: "10"
  }
  return Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}='${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`]
  ).join(" ")
}

/**
 * Has the source keep all changes of some tables from now on, for the target. A filter leaves the
 * rows of other slices out.
 */
export const publish = (
  source: PgClient.PgClient,
  move: PartitionMove,
  tables: ReadonlyArray<{ readonly name: string; readonly isFiltered: boolean }>
) =>
  Effect.gen(function*() {
    const list = tables.map(({ isFiltered, name }) =>
      `"${name}"${isFiltered ? ` where (slice between ${move.first} and ${move.last})` : ""}`
    )
    yield* source.unsafe(`create publication ${nameOf(move)} for table ${list.join(", ")}`).unprepared
    // It waits for all transactions of the server that have written.
    yield* source.withTransaction(Effect.andThen(
      source`select set_config('statement_timeout', '10min', true)`,
      source`select slot_name::text from pg_create_logical_replication_slot(${nameOf(move)}, 'pgoutput')`
    ))
  })

/**
 * Has the target copy the tables and follow the source. The slot is there: in one server, making it
 * here would wait for itself.
 */
export const subscribe = (target: PgClient.PgClient, move: PartitionMove, source: ConnectionTarget) =>
  target.unsafe(
    `create subscription ${nameOf(move)} connection ${literal(conninfo(source))} publication ${nameOf(move)}
      with (create_slot = false, slot_name = ${nameOf(move)})`
  ).unprepared

/** Ends the following, in the caller's transaction: nothing is applied after it. */
export const dropSubscription = (target: PgClient.PgClient, move: PartitionMove): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const name = nameOf(move)
    const found = yield* target`
      select from pg_subscription where subname = ${name} and subdbid = (select oid from pg_database where datname = current_database())`
    if (found.length === 0) return
    yield* target.unsafe(`alter subscription ${name} disable`).unprepared
    yield* target.unsafe(`alter subscription ${name} set (slot_name = none)`).unprepared
    yield* target.unsafe(`drop subscription ${name}`).unprepared
  })

/** Has the source keep nothing for the target any more. */
export const unpublish = (source: PgClient.PgClient, move: PartitionMove): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const name = nameOf(move)
    // In use for some moments after the target has left.
    yield* Effect.retry(
      source`
        select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = ${name} and database = current_database()`,
      { schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "15 seconds" })) }
    )
    yield* source.unsafe(`drop publication if exists ${name}`).unprepared
  })

/** How far the first copy is. */
export interface CopyProgress {
  /** Tables that are copied and follow. */
  readonly ready: number
  readonly tables: number
  /** Events that were copied so far, as long as they are being copied. */
  readonly events: number | undefined
  /** Errors of the target since it began. It tries again each time. */
  readonly errors: number
  /** Whether the subscription is there. */
  readonly isSubscribed: boolean
}

/** How far the target has copied the tables. */
export const readCopy = (target: PgClient.PgClient, move: PartitionMove): Effect.Effect<CopyProgress, SqlError.SqlError> =>
  Effect.map(
    target<{ ready: number; tables: number; events: bigint | null; errors: bigint | null; subscribed: boolean }>`
      select
        count(*) filter (where r.srsubstate = 'r')::int as ready,
        count(r.srrelid)::int as tables,
        (select sum(tuples_processed)::bigint from pg_stat_progress_copy where datname = current_database() and relid = 'events'::regclass)
          as events,
        (select apply_error_count + sync_error_count from pg_stat_subscription_stats where subname = ${nameOf(move)}) as errors,
        exists (select from pg_subscription where subname = ${nameOf(move)}) as subscribed
      from pg_subscription_rel r join pg_subscription s on s.oid = r.srsubid where s.subname = ${nameOf(move)}`,
    ([row]) => ({
      ready: row?.ready ?? 0,
      tables: row?.tables ?? 0,
      events: row?.events === null || row?.events === undefined ? undefined : Number(row.events),
      errors: Number(row?.errors ?? 0),
      isSubscribed: row?.subscribed === true
    })
  )
