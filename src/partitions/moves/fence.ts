import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { sqlState } from "../../database/classifySqlError.ts"
import { raiseSynchronousCommit } from "../../database/synchronousCommit.ts"
import { bringHeadsBack, forgetHeadsAside, serveNothing, setHeadsAside } from "../../event-log/statements/servedSlices.ts"
import { refuseUnfinished } from "../../event-log/unfinishedImport.ts"
import * as Checkpoints from "../../projections/feed/Checkpoints.ts"
import { keepCounts } from "../../projections/tables/splitCounts.ts"
import { userTables } from "../../projections/versions/userTables.ts"
import { readIdentity, writeIdentity } from "../PartitionDirectory.ts"
import { isSplit, type PartitionMove } from "./moveRecord.ts"
import { MoveRefused } from "./MoveRefused.ts"
import { lockTarget } from "./prepareTarget.ts"
import { dropSubscription } from "./replication.ts"

/*
 * The fence of a move: the row of `partition_fence` in the source, which is replicated, and the
 * heads and checkpoints that a fence sets aside, which are replicated too. So a database serves the
 * slices as long as it has their heads, and the one that brings them back serves next: the target,
 * or the source again.
 */

const takenOver = ({ partition }: PartitionMove) =>
  Effect.fail(
    new MoveRefused({ reason: "TakenOver", message: `Another command carries the move of partition ${partition} on, or has cancelled it.` })
  )

/**
 * Notes in the source that its slices are moving. From then on no process changes the schema of its
 * projections: those that are at it are awaited.
 */
export const armFence = (source: PgClient.PgClient, move: PartitionMove) =>
  source.withTransaction(Effect.gen(function*() {
    yield* source`select pg_advisory_xact_lock(hashtext('playtally projections'))`
    // An activation holds a row, and changes views.
    yield* source`lock table projections in exclusive mode`
    const [other] = yield* source<{ move: string }>`select move from partition_fence where move <> ${move.move}::uuid`
    if (other !== undefined) {
      return yield* new MoveRefused({
        reason: "UnderWay",
        message: `There is another move from the database of partition ${move.partition}: end or cancel it first.`
      })
    }
    yield* source`
      insert into partition_fence (move, mover, target) values (${move.move}::uuid, ${move.mover}, ${move.target})
      on conflict (only_row) do nothing`
    yield* claim(source, move)
  }))

/**
 * Takes a move over in its source, also while another command is at it. A command of a lesser
 * number is refused from then on.
 */
const claim = (source: PgClient.PgClient, move: PartitionMove) =>
  Effect.flatMap(
    source`
      update partition_fence set mover = ${move.mover} where move = ${move.move}::uuid and mover <= ${move.mover} returning mover`,
    (rows) => rows.length === 1 ? Effect.void : takenOver(move)
  )

/** Takes the row of the fence away, in a source that serves its slices. */
export const disarmFence = (source: PgClient.PgClient, move: PartitionMove) =>
  source`delete from partition_fence where move = ${move.move}::uuid and mover <= ${move.mover}`

/** Makes a change at the source that the target can be asked for, and says which. */
export const beat = (source: PgClient.PgClient, move: PartitionMove) =>
  Effect.flatMap(
    source<{ beats: bigint }>`update partition_fence set beats = beats + 1 where mover = ${move.mover} returning beats`,
    ([row]) => row === undefined ? takenOver(move) : Effect.succeed(row.beats)
  )

/** Whether the target has all that the source had at a beat, or at the fence. */
export const hasArrived = (
  target: PgClient.PgClient,
  move: PartitionMove,
  what: bigint | "TheFence"
): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(
    target`
      select from partition_fence
      where move = ${move.move}::uuid and mover = ${move.mover}
        and ${what === "TheFence" ? target`is_fenced` : target`beats >= ${what}`}`,
    (rows) => rows.length === 1
  )

/** Whether the source serves the slices no more. */
export const isFenced = (source: PgClient.PgClient, { move }: PartitionMove): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(source`select from partition_fence where move = ${move}::uuid and is_fenced`, (rows) => rows.length === 1)

/**
 * Has the source serve the slices no more, from one moment to the next. It waits for the chunks and
 * appends that are under way: for appends a second at most. False comes back if that is not enough,
 * and nothing has changed. Nor has anything if it fails because an import was begun in the source.
 */
export const fence = (source: PgClient.PgClient, move: PartitionMove) =>
  source.withTransaction(Effect.gen(function*() {
    yield* source`select ${raiseSynchronousCommit(source)}, set_config('lock_timeout', '5s', true)`
    // The command that was at it before may have been killed here.
    yield* claim(source, move)
    if (yield* isFenced(source, move)) return true
    yield* Checkpoints.setAside(source, move)
    yield* source`select set_config('lock_timeout', '1s', true)`
    yield* setHeadsAside(source, move)
    // An import holds the heads until its mark is there.
    yield* refuseUnfinished(source)
    yield* source`update partition_fence set is_fenced = true where mover = ${move.mover}`
    return true
  })).pipe(
    // A lock that was not given in time, or a deadlock.
    Effect.catchIf((error) => error._tag === "SqlError" && (sqlState(error) === "55P03" || sqlState(error) === "40P01"), () =>
      Effect.succeed(false))
  )

/** Has the source serve the slices again, if they were fenced and are nowhere else. */
export const takeFenceBack = (source: PgClient.PgClient, move: PartitionMove) =>
  source.withTransaction(Effect.gen(function*() {
    const [row] = yield* source<{ is_fenced: boolean }>`select is_fenced from partition_fence where move = ${move.move}::uuid for update`
    if (row === undefined) return
    yield* claim(source, move)
    if (!row.is_fenced) return
    yield* bringHeadsBack(source)
    yield* Checkpoints.bringBack(source)
    yield* source`update partition_fence set is_fenced = false`
  }))

/** Whether the target is the partition already, although the directory may not say so. */
export const hasSwitched = (
  target: PgClient.PgClient,
  { becomes }: PartitionMove,
  epoch: number
): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(readIdentity(target), (identity) => identity?.partition === becomes && identity.epoch === epoch)

/**
 * Makes the target the partition: it follows the source no more, and serves the slices. All that it
 * has is on disk then.
 */
export const switchTarget = (target: PgClient.PgClient, move: PartitionMove, identity: { readonly log: string; readonly epoch: number }) =>
  target.withTransaction(Effect.gen(function*() {
    yield* target`select ${raiseSynchronousCommit(target)}`
    yield* lockTarget(target)
    if (!(yield* hasArrived(target, move, "TheFence"))) return yield* takenOver(move)
    yield* dropSubscription(target, move)
    if (isSplit(move)) {
      const rankings = (yield* userTables(target)).flatMap(({ isRanking, name }) => isRanking ? [name] : [])
      yield* keepCounts(target, { move: move.move, rankings })
    }
    yield* bringHeadsBack(target)
    yield* Checkpoints.bringBack(target)
    yield* target`delete from partition_fence`
    yield* writeIdentity(target, { log: identity.log, partition: move.becomes, epoch: identity.epoch })
  }))

/**
 * Has the source forget what the fence set aside. Unless it was split, it says that it is no
 * partition any more. It does so once, as it may become a target later.
 */
export const leaveSource = (source: PgClient.PgClient, move: PartitionMove, log: string) =>
  source.withTransaction(Effect.gen(function*() {
    const gone = yield* source`delete from partition_fence where move = ${move.move}::uuid and mover <= ${move.mover} returning move`
    if (gone.length === 0) return
    yield* forgetHeadsAside(source)
    yield* Checkpoints.forgetAside(source)
    if (isSplit(move)) return
    yield* serveNothing(source)
    yield* Checkpoints.removeUnserved(source)
    yield* writeIdentity(source, { log, partition: null, epoch: 0 })
  }))
