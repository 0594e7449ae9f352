import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { randomUUID } from "node:crypto"
import type { Slice } from "../../values/Slice.ts"
import { lockDirectory, logId, readDirectory, writeIdentity } from "../PartitionDirectory.ts"
import { homeServer, type PartitionEntry } from "../PartitionMap.ts"
import { MoveRefused } from "./MoveRefused.ts"

/** How far a move is. `PartitionMoves` says what each step does. */
export type MoveStep = "preparing" | "copying" | "fencing" | "leaving"

/** A move that is under way, as the home database has it. */
export interface PartitionMove {
  readonly partition: number
  /** The id of the move, after which its objects in PostgreSQL are named. */
  readonly move: string
  /** The number of the command that carries it on. It rises whenever another one takes over. */
  readonly mover: bigint
  /** The number that the slices have at the target: the same unless the partition is split. */
  readonly becomes: number
  /** The slices that move. */
  readonly first: Slice
  readonly last: Slice
  /** The names of the servers that the slices leave, and that they go to. */
  readonly source: string
  readonly target: string
  readonly step: MoveStep
  /** How many milliseconds ago the directory has said that the partition is moving. */
  readonly noted: number
}

/** What is to be moved, and where to. */
export interface MoveWish {
  readonly partition: number
  readonly target: string
  /** The first slice of those that leave with a split; half of them without it. */
  readonly at?: Slice | undefined
  readonly isSplit: boolean
}

/** Whether the slices become a partition of their own. */
export const isSplit = ({ becomes, partition }: PartitionMove): boolean => becomes !== partition

/** All moves that are under way, in the home database. */
export const readMoves = (home: PgClient.PgClient): Effect.Effect<ReadonlyArray<PartitionMove>, SqlError.SqlError> =>
  home<PartitionMove>`
    select partition, move, mover, becomes, first_slice as first, last_slice as last, source, target, step,
      (extract(epoch from clock_timestamp() - noted_at) * 1000)::float8 as noted
    from partition_moves order by partition`

const refused = (reason: MoveRefused["reason"], message: string) => Effect.fail(new MoveRefused({ reason, message }))

/**
 * The partition of a number, in a directory that is made if the log has none. The caller has the
 * lock.
 */
const entryOf = Effect.fnUntraced(function*(home: PgClient.PgClient, partition: number) {
  const found = (yield* readDirectory(home)).find((entry) => entry.partition === partition)
  if (found === undefined) return yield* refused("Unknown", `There is no partition ${partition}: \`partitions list\` shows all.`)
  if (found.epoch > 0) return found
  yield* writeIdentity(home, { log: yield* logId(home), partition, epoch: 1 })
  yield* home`
    insert into partitions (partition, first_slice, last_slice, server, epoch)
    values (${partition}, ${found.first}, ${found.last}, ${homeServer}, 1)`
  return { ...found, epoch: 1 }
})

/**
 * Begins a move, or takes over one that is under way. It says in the directory that the partition
 * is moving.
 */
export const beginMove = (home: PgClient.PgClient, wish: MoveWish) =>
  home.withTransaction(Effect.gen(function*() {
    const { at, partition, target } = wish
    yield* lockDirectory(home)
    const moves = yield* readMoves(home)
    const before = moves.find((move) => move.partition === partition)
    if (before !== undefined) {
      const isSame = before.target === target && wish.isSplit === isSplit(before) && (at === undefined || at === before.first)
      if (!isSame) {
        return yield* refused(
          "UnderWay",
          `Partition ${partition} is on its way to "${before.target}": end that with the same command, or \`partitions cancel ${partition}\`.`
        )
      }
      yield* takeOver(home, before)
    } else {
      const from = moves.find(({ becomes }) => becomes === partition)
      if (from !== undefined) {
        return yield* refused(
          "UnderWay",
          `Partition ${partition} is being split from partition ${from.partition}: end that with \`partitions split ${from.partition}\`.`
        )
      }
      const entry = yield* entryOf(home, partition)
      const map = yield* readDirectory(home)
      const there = map.find(({ server }) => server === target) ?? moves.find((move) => move.target === target)
      if (there !== undefined) {
        return yield* refused(
          "NotReady",
          `The database of server "${target}" has partition ${there.partition}, or is about to: take another one.`
        )
      }
      const first = at ?? (wish.isSplit ? (entry.first + entry.last + 1) >> 1 : entry.first)
      if (wish.isSplit && (first <= entry.first || first > entry.last)) {
        return yield* refused(
          "NotReady",
          `Partition ${partition} has the slices ${entry.first} to ${entry.last}: it cannot be split at ${first}.`
        )
      }
      const becomes = wish.isSplit ? Math.max(...map.map((one) => one.partition), ...moves.map((move) => move.becomes)) + 1 : partition
      yield* home`
        insert into partition_moves (partition, move, mover, becomes, first_slice, last_slice, source, target, step)
        values (${partition}, ${randomUUID()}::uuid, ${nextMover(home)}, ${becomes}, ${first}, ${entry.last}, ${entry.server},
          ${target}, 'preparing')`
      yield* home`update partitions set state = 'moving' where partition = ${partition}`
    }
    return yield* moveOf(home, partition)
  }))

/** The move of a partition. */
export const moveOf = (home: PgClient.PgClient, partition: number) =>
  Effect.flatMap(readMoves(home), (moves) => {
    const found = moves.find((move) => move.partition === partition)
    return found === undefined ? refused("Unknown", `Partition ${partition} is not moving.`) : Effect.succeed(found)
  })

/** It is a step too: the service leaves a move alone that a command has just taken over. */
const takeOver = (home: PgClient.PgClient, { partition }: PartitionMove) =>
  home`
    update partition_moves set mover = greatest(mover + 1, ${nextMover(home)}), stepped_at = clock_timestamp()
    where partition = ${partition}`

/** The time in milliseconds: more than the mover of any move that has ended. */
const nextMover = (home: PgClient.PgClient) => home`(extract(epoch from clock_timestamp()) * 1000)::bigint`

/**
 * Takes a move over to cancel it. From then on no other command carries it on, and one that begins
 * again has to prepare it again.
 */
export const takeOverToCancel = (home: PgClient.PgClient, partition: number) =>
  home.withTransaction(Effect.gen(function*() {
    yield* lockDirectory(home)
    const move = yield* moveOf(home, partition)
    if (move.step === "leaving") {
      return yield* refused(
        "Ended",
        `The slices are on "${move.target}" already. Run the same command again: it removes what is left of it.${
          isSplit(move) ? "" : " A second move brings them back."
        }`
      )
    }
    yield* takeOver(home, move)
    yield* home`update partition_moves set step = 'preparing' where partition = ${partition}`
    return yield* moveOf(home, partition)
  }))

/** Notes that a move has come to a step, unless somebody else carries it on. */
export const advanceMove = (home: PgClient.PgClient, { mover, partition, step: from }: PartitionMove, step: MoveStep) =>
  Effect.flatMap(
    home`
      update partition_moves set step = ${step}, stepped_at = clock_timestamp()
      where partition = ${partition} and mover = ${mover} and step = ${from} returning step`,
    (rows) => rows.length === 1 ? Effect.void : takenOver(partition)
  )

const takenOver = (partition: number) =>
  refused("TakenOver", `Another command carries the move of partition ${partition} on, or has cancelled it.`)

/** The epoch of the slices at the target. */
export const epochAt = (move: PartitionMove, source: PartitionEntry): number => isSplit(move) ? 1 : source.epoch + 1

/**
 * Takes over a move whose command has not come out of its fence for `seconds`: it was killed there.
 * Undefined if there is none. The move has to be prepared again.
 */
export const takeOverAbandoned = (home: PgClient.PgClient, seconds: number) =>
  home.withTransaction(Effect.gen(function*() {
    const [left] = yield* home<{ partition: number }>`
      update partition_moves
      set step = 'preparing', stepped_at = clock_timestamp(), mover = greatest(mover + 1, ${nextMover(home)})
      where step = 'fencing' and stepped_at < clock_timestamp() - make_interval(secs => ${seconds}::float8)
      returning partition`
    return left === undefined ? undefined : (yield* readMoves(home)).find(({ partition }) => partition === left.partition)
  }))

/**
 * Takes over a move whose slices are at the target, and of which nothing has been heard for
 * `seconds`: its command was killed. Undefined if there is none.
 */
export const takeOverLeft = (home: PgClient.PgClient, seconds: number) =>
  home.withTransaction(Effect.gen(function*() {
    const [left] = yield* home<{ partition: number }>`
      update partition_moves set stepped_at = clock_timestamp(), mover = greatest(mover + 1, ${nextMover(home)})
      where step = 'leaving' and stepped_at < clock_timestamp() - make_interval(secs => ${seconds}::float8)
      returning partition`
    return left === undefined ? undefined : (yield* readMoves(home)).find(({ partition }) => partition === left.partition)
  }))

/** The moment at which the slices are at the target, for every process that reads the directory. */
export const switchDirectory = (home: PgClient.PgClient, move: PartitionMove, source: PartitionEntry) =>
  home.withTransaction(Effect.gen(function*() {
    yield* lockDirectory(home)
    yield* advanceMove(home, move, "leaving")
    if (!isSplit(move)) {
      yield* home`
        update partitions set server = ${move.target}, epoch = ${
        BigInt(epochAt(move, source))
      }, state = 'serving' where partition = ${move.partition}`
    } else {
      yield* home`
        update partitions set last_slice = ${move.first - 1}, state = 'shrinking' where partition = ${move.partition}`
      yield* home`
        insert into partitions (partition, first_slice, last_slice, server, epoch, state)
        values (${move.becomes}, ${move.first}, ${move.last}, ${move.target}, ${BigInt(epochAt(move, source))}, 'shrinking')`
    }
  }))

/** Notes that each half of a split ranks its own users alone. */
export const endShrinking = (home: PgClient.PgClient, move: PartitionMove) =>
  home.withTransaction(Effect.gen(function*() {
    yield* lockDirectory(home)
    yield* stillCarriesOn(home, move)
    yield* home`
      update partitions set state = 'serving' where state = 'shrinking' and partition in (${move.partition}, ${move.becomes})`
  }))

/** Fails if another command carries a move on in its last step, or has ended it. */
export const stillCarriesOn = (home: PgClient.PgClient, move: PartitionMove) => advanceMove(home, { ...move, step: "leaving" }, "leaving")

/** Forgets a move that has ended, or that has been undone: the partition serves. */
export const endMove = (home: PgClient.PgClient, { mover, partition }: PartitionMove) =>
  home.withTransaction(Effect.gen(function*() {
    yield* lockDirectory(home)
    const gone = yield* home`delete from partition_moves where partition = ${partition} and mover = ${mover} returning partition`
    if (gone.length !== 1) return yield* takenOver(partition)
    yield* home`update partitions set state = 'serving' where partition = ${partition}`
  }))
