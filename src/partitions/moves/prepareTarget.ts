import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import { SqlClient } from "effect/sql"
import { migrate } from "../../database/Migrations.ts"
import { readDirectory, readIdentity, writeIdentity } from "../PartitionDirectory.ts"
import { homeServer } from "../PartitionMap.ts"
import type { PartitionMove } from "./moveRecord.ts"
import { MoveRefused } from "./MoveRefused.ts"
import { createTables, dropVersions, readPrefixes } from "./projectionSchema.ts"
import { replicatedTables } from "./replicatedTables.ts"
import { dropSubscription } from "./replication.ts"

/** The lock of what makes a database a target, and of what makes a target a partition. */
export const lockTarget = (target: PgClient.PgClient) =>
  target`select pg_advisory_xact_lock(hashtext(current_schema() || ' playtally target'))`

const refused = (reason: MoveRefused["reason"], message: string) => Effect.fail(new MoveRefused({ reason, message }))

const notEmpty = ({ target }: PartitionMove) =>
  refused(
    "NotReady",
    `The database of server "${target}" is not empty, or belongs to another log. A move needs an empty one, or one that was a partition of this log before.`
  )

/**
 * Makes a database the target of a move: it has the tables of the source, all of them empty.
 *
 * A database that holds anything is refused, unless it was a partition of this log before and
 * serves nothing now: its rows are thrown away. As long as it is no partition, the epoch of its
 * identity is the mover that prepared it, and a lesser one changes nothing.
 */
export const prepareTarget = Effect.fnUntraced(function*(
  target: PgClient.PgClient,
  { home, log, move, schema, source }: {
    readonly home: PgClient.PgClient
    readonly log: string
    readonly move: PartitionMove
    readonly source: PgClient.PgClient
    /** The statements that make the tables of the projections; none if the move is undone. */
    readonly schema: ReadonlyArray<string>
  }
) {
  const map = yield* readDirectory(home)
  const [made] = yield* target<{ is_ours: boolean; tables: number }>`
    select to_regclass('partition_identity') is not null as is_ours, (select count(*)::int from pg_class
      where relnamespace = current_schema()::text::regnamespace and relkind in ('r', 'p')) as tables`
  if (made?.is_ours !== true && made?.tables !== 0) return yield* notEmpty(move)
  yield* Effect.provideService(migrate, SqlClient.SqlClient, target)
  yield* target.withTransaction(Effect.gen(function*() {
    yield* target`select set_config('statement_timeout', '5min', true), set_config('lock_timeout', '25s', true)`
    yield* lockTarget(target)
    const identity = yield* readIdentity(target)
    const isServing = identity?.partition !== null &&
      map.some(({ epoch, partition }) => partition === identity?.partition && epoch === identity.epoch)
    const [held] = yield* target<{ something: boolean }>`
      select exists (select from events) or exists (select from partitions) or exists (select from api_keys) as something`
    if (isServing || (identity === undefined ? held?.something !== false : identity.log !== log)) {
      return yield* notEmpty(move)
    }
    if (identity?.partition === null && identity.epoch > Number(move.mover)) {
      return yield* refused("TakenOver", `Another command moves something to server "${move.target}".`)
    }
    yield* dropSubscription(target, move)
    // Those of the source are there without their rows, if a copy was cut off.
    yield* dropVersions(target, [...new Set([...yield* readPrefixes(target), ...yield* readPrefixes(source)])])
    const tables = replicatedTables({ isHome: move.target === homeServer }).map(({ name }) => `"${name}"`)
    yield* target.unsafe("alter table events disable trigger events_are_append_only").unprepared
    // Keys and rejected items are at home, and refer to the tenants there.
    yield* target.unsafe(`truncate ${tables.join(", ")}${move.target === homeServer ? "" : " cascade"}`).unprepared
    yield* target.unsafe("alter table events enable trigger events_are_append_only").unprepared
    yield* createTables(target, schema)
    yield* writeIdentity(target, { log, partition: null, epoch: Number(move.mover) })
  }))
})
