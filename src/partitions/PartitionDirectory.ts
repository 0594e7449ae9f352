import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { SqlClient, type SqlError } from "effect/sql"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import type { DatabaseUrl } from "../database/DatabaseUrl.ts"
import { migrate, Migrations } from "../database/Migrations.ts"
import { ServerClients } from "../database/ServerClients.ts"
import { serveOnly } from "../event-log/statements/servedSlices.ts"
import { Settings } from "../platform/Settings.ts"
import { removeUnserved } from "../projections/feed/Checkpoints.ts"
import { known } from "../values/known.ts"
import type { Slice } from "../values/Slice.ts"
import { homeServer, newLayout, onePartition, type PartitionEntry, type PartitionMap } from "./PartitionMap.ts"
import { PartitionServers } from "./PartitionServers.ts"

/**
 * The log cannot have the partitions that the settings ask for, or a database is not the one that
 * the directory means. `message` says what to do.
 */
export class PartitionsUnusable
  extends Schema.TaggedError<PartitionsUnusable>("playtally/partitions/PartitionsUnusable")("PartitionsUnusable", {
    message: Schema.String
  })
{}

interface Row {
  readonly partition: number
  readonly first: Slice
  readonly last: Slice
  readonly server: string
  readonly epoch: bigint
  readonly state: PartitionEntry["state"]
}

/** How many events a database serves, of some slices or of all, and how many bytes it has. */
export const readSize = (
  sql: PgClient.PgClient,
  { first, last }: Pick<PartitionEntry, "first" | "last"> = known(onePartition[0], "the one partition")
): Effect.Effect<{ readonly events: number; readonly bytes: number }, SqlError.SqlError> =>
  Effect.map(
    sql<{ events: bigint; bytes: bigint }>`
      select coalesce(sum(position), 0)::bigint as events, pg_database_size(current_database()) as bytes from slice_heads
      where slice between ${first} and ${last}`,
    ([row]) => ({ events: Number(row?.events), bytes: Number(row?.bytes) })
  )

/** Reads the directory, in the home database: {@link onePartition} if it has no rows. */
export const readDirectory = (home: PgClient.PgClient): Effect.Effect<PartitionMap, SqlError.SqlError> =>
  Effect.map(
    home<Row>`
      select partition, first_slice as first, last_slice as last, server, epoch, state from partitions order by first_slice`,
    (rows) => rows.length === 0 ? onePartition : rows.map((row): PartitionEntry => ({ ...row, epoch: Number(row.epoch) }))
  )

/** Which log and which partition a database belongs to; undefined for a log by itself. */
export const readIdentity = (sql: PgClient.PgClient) =>
  Effect.map(
    sql<{ log: string; partition: number | null; epoch: bigint }>`select log, partition, epoch from partition_identity`,
    ([row]) => row === undefined ? undefined : { ...row, epoch: Number(row.epoch) }
  )

/** Says in a database which log and which partition it belongs to, in the caller's transaction. */
export const writeIdentity = (
  sql: PgClient.PgClient,
  { epoch, log, partition }: { readonly log: string; readonly partition: number | null; readonly epoch: number }
) =>
  sql`
    insert into partition_identity (log, partition, epoch) values (${log}::uuid, ${partition}::smallint, ${BigInt(epoch)})
    on conflict (only_row) do update set log = excluded.log, partition = excluded.partition, epoch = excluded.epoch`

/** The id of a log, which all its databases share. It is made when it is first asked for. */
export const logId = (home: PgClient.PgClient): Effect.Effect<string, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* home`insert into partition_identity (log) values (gen_random_uuid()) on conflict (only_row) do nothing`
    return known(yield* readIdentity(home), "identity of the home database").log
  })

/** The lock of whatever changes the directory, until the transaction at home ends. */
export const lockDirectory = (home: PgClient.PgClient) =>
  home`select pg_advisory_xact_lock(hashtext(current_schema() || ' playtally partitions'))`

/**
 * The directory of the partitions, in the home database.
 *
 * It makes a new log lie in as many databases as `PARTITIONS` says. What is there already it leaves
 * as it is.
 */
export class PartitionDirectory extends Context.Service<PartitionDirectory, {
  /** The partitions as they are now. `DatabaseUnavailable`: the home database did not answer. */
  readonly read: Effect.Effect<PartitionMap, DatabaseUnavailable>
}>()("playtally/partitions/PartitionDirectory") {
  /**
   * Lays out a new log, and reads the directory of one that is there.
   *
   * - {@link PartitionsUnusable}: the log has fewer partitions than `PARTITIONS`, or there are too
   *   few servers for a new log, or a database holds something else.
   * - `DatabaseUnavailable`: a database did not answer.
   * - `DatabaseUrlUnusable`: see {@link PartitionServers}.
   */
  static readonly layer = Layer.effect(
    PartitionDirectory,
    Effect.gen(function*() {
      yield* Migrations
      const home = yield* PgClient.PgClient
      const { partitions } = yield* Settings
      if (partitions > 1) yield* layOut(home, partitions)
      return PartitionDirectory.of({ read: unavailable("PartitionDirectory.read")(readDirectory(home)) })
    })
  )

  /** The directory as it is, for commands: it lays nothing out. */
  static readonly layerCheck = Layer.effect(
    PartitionDirectory,
    Effect.map(PgClient.PgClient, (home) => PartitionDirectory.of({ read: unavailable("PartitionDirectory.read")(readDirectory(home)) }))
  )
}

/**
 * Lays out a new log in `count` databases, all or none.
 *
 * The directory is written last, in one transaction with the heads of the home database. A crash
 * before it leaves databases that know their log, and the next start goes on with them.
 */
const layOut = Effect.fnUntraced(function*(home: PgClient.PgClient, count: number) {
  const servers = yield* PartitionServers
  const now = yield* unavailable("PartitionDirectory")(readDirectory(home))
  if (now.length >= count) return
  const log = yield* unavailable("PartitionDirectory")(logId(home))
  const names = Array.from({ length: count - 1 }, (_, nth) => servers.nth(nth + 1))
  const missing = names.indexOf(undefined)
  if (missing >= 0) {
    return yield* new PartitionsUnusable({
      message: `PARTITIONS is ${count}, and DATABASE_SERVERS names ${missing} servers. Each partition but the first needs one.`
    })
  }
  const layout = newLayout([homeServer, ...names.flatMap((name) => name ?? [])])
  // No transaction can make a database.
  const databases = yield* unavailable("PartitionDirectory")(Effect.forEach(layout, ({ server }) => servers.find(server)))
  yield* home.withTransaction(Effect.gen(function*() {
    yield* lockDirectory(home)
    const now = yield* readDirectory(home)
    if (now.length >= count) return
    if (now.length > 1 || !(yield* isEmpty(home))) {
      return yield* new PartitionsUnusable({
        message:
          `PARTITIONS is ${count}, and the log has ${now.length}. The setting lays out a new log. One with events gets more by \`partitions split\`.`
      })
    }
    for (const entry of layout.slice(1)) yield* prepare(entry, { log, database: known(databases[entry.partition], "database of a server") })
    const first = known(layout[0], "first partition")
    yield* writeIdentity(home, { log, ...first })
    yield* serve(home, first)
    for (const { epoch, first, last, partition, server } of layout) {
      yield* home`
        insert into partitions (partition, first_slice, last_slice, server, epoch)
        values (${partition}, ${first}, ${last}, ${server}, ${BigInt(epoch)})`
    }
  })).pipe(unavailable("PartitionDirectory"))
})

/** Makes a database the one of a partition of a new log. */
const prepare = (
  entry: PartitionEntry,
  { database, log }: { readonly log: string; readonly database: DatabaseUrl["Service"] }
) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    yield* Effect.provideService(migrate, SqlClient.SqlClient, sql)
    yield* sql.withTransaction(Effect.gen(function*() {
      const identity = yield* readIdentity(sql)
      if ((identity !== undefined && identity.log !== log) || !(yield* isEmpty(sql))) {
        return yield* new PartitionsUnusable({
          message: `The database of server "${entry.server}" is not empty, or belongs to another log. A new partition needs an empty one.`
        })
      }
      yield* writeIdentity(sql, { log, ...entry })
      yield* serve(sql, entry)
    }))
  }).pipe(
    // The clients of the home database are layers of the same name, which are built already.
    (preparing) => Effect.flatMap(ServerClients, (clientsOf) => Effect.provide(preparing, clientsOf(database), { local: true }))
  )

/**
 * Has a database serve the slices of a partition and no others: heads and checkpoints of those
 * stay.
 */
const serve = (sql: PgClient.PgClient, entry: PartitionEntry) => Effect.andThen(serveOnly(sql, entry), removeUnserved(sql))

const isEmpty = (sql: PgClient.PgClient): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(
    sql<{ empty: boolean }>`select not exists (select from slice_heads where position > 0) as empty`,
    ([row]) => known(row, "whether a log is empty").empty
  )
