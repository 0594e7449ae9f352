import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { SessionUnfit } from "../database/checkSession.ts"
import { Database } from "../database/Database.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import type { DatabaseUrl } from "../database/DatabaseUrl.ts"
import type { DatabaseUrlUnusable } from "../database/DatabaseUrlUnusable.ts"
import { Migrations, type SchemaMismatch } from "../database/Migrations.ts"
import { PoolShare } from "../database/PoolShare.ts"
import { lackingToCome, lackingToLeave, readReplicationFacts } from "../database/replicationFacts.ts"
import { type ImportUnfinished, refuseUnfinished } from "../event-log/unfinishedImport.ts"
import { known } from "../values/known.ts"
import { Slice } from "../values/Slice.ts"
import { beginCut, endCut, type Halves } from "./moves/cutSplit.ts"
import { armFence, beat, disarmFence, fence, hasArrived, hasSwitched, leaveSource, switchTarget, takeFenceBack } from "./moves/fence.ts"
import {
  advanceMove,
  beginMove,
  endMove,
  endShrinking,
  epochAt,
  isSplit,
  moveOf,
  type MoveStep,
  type MoveWish,
  type PartitionMove,
  readMoves,
  stillCarriesOn,
  switchDirectory,
  takeOverAbandoned,
  takeOverLeft,
  takeOverToCancel
} from "./moves/moveRecord.ts"
import { MoveRefused } from "./moves/MoveRefused.ts"
import { prepareTarget } from "./moves/prepareTarget.ts"
import { differences, readSchema } from "./moves/projectionSchema.ts"
import { replicatedTables } from "./moves/replicatedTables.ts"
import { publish, readCopy, subscribe, unpublish } from "./moves/replication.ts"
import { logId, readDirectory, readSize } from "./PartitionDirectory.ts"
import { homeServer, type PartitionEntry } from "./PartitionMap.ts"
import { PartitionServers } from "./PartitionServers.ts"
import { directoryHolds } from "./PartitionSet.ts"

/** A partition, how much it holds, and its move if there is one. */
export interface ListedPartition {
  readonly entry: PartitionEntry
  /** Undefined if the database does not answer. */
  readonly size: { readonly events: number; readonly bytes: number } | undefined
  readonly move: PartitionMove | undefined
}

/** How far a move is. */
export interface MoveProgress {
  readonly step: MoveStep
  /** Tables that are copied, of all; while they are being copied. */
  readonly tables?: readonly [ready: number, all: number]
  /** Events copied so far, of those that the source has; while they are being copied. */
  readonly events?: readonly [copied: number, all: number]
  /** Milliseconds that a change took to come to the target. */
  readonly behind?: number
  /** Rows and events that the halves of a split have removed, which the other half has. */
  readonly removed?: number
}

/** What a move has come to. */
export interface MoveReport {
  readonly move: PartitionMove
  /** Milliseconds for which neither side served the slices. */
  readonly fenced: number
  /** Times that a fence was taken back, because the target was too far behind. */
  readonly fencesTakenBack: number
}

/** A move, or a split. Without a target a split takes the first server that has no partition. */
export type Wish = MoveWish | (Omit<MoveWish, "target"> & { readonly isSplit: true; readonly target?: undefined })

/** The errors of every method. */
type Failure =
  | MoveRefused
  | ImportUnfinished
  | SchemaMismatch
  | SessionUnfit
  | DatabaseUrlUnusable
  | DatabaseUnavailable

/**
 * For how many milliseconds a fence waits for the target, and how many fences are taken back before
 * a move gives up for now.
 */
export const FencePatience = Context.Reference<{ readonly milliseconds: number; readonly most: number }>(
  "playtally/partitions/FencePatience",
  { defaultValue: () => ({ milliseconds: 1500, most: 10 }) }
)

/** After how many seconds a fence has no command any more. Each ends or fails before that. */
export const FenceAbandoned = Context.Reference<number>("playtally/partitions/FenceAbandoned", { defaultValue: () => 15 })

/**
 * For how many milliseconds the directory says at least that the partition is moving, before the
 * fence. Processes go by what they have read for five seconds.
 */
export const MoveNotice = Context.Reference<number>("playtally/partitions/MoveNotice", { defaultValue: () => directoryHolds + 1000 })

/** The target is close if a change comes to it within so many milliseconds. */
const close = 500
/** After how many seconds without a sign the last step of a move has no command any more. */
const leftAfter = 60
/** How often the target is asked during a fence, and while it copies. */
const poll = { fenced: "10 millis", copying: "250 millis" } as const
/** Errors of the target that it does not get over by itself. */
const mostErrors = 5
/** The most servers that a split looks at for one without a partition. */
const maxServers = 99

/** The two databases of a move. */
interface Sides {
  readonly source: PgClient.PgClient
  readonly target: PgClient.PgClient
  /** How the source is reached. */
  readonly from: DatabaseUrl["Service"]
  readonly log: string
  readonly entry: PartitionEntry
}

/**
 * Moves partitions between servers, while the service runs.
 *
 * PostgreSQL's logical replication copies the slices and keeps the copy up to date. A fence of a
 * moment then has the source serve the slices no more. The target has all that the source had, and
 * the directory names the target from then on. The steps, each noted in the home database:
 *
 * 1. `preparing`: the target gets the tables of the source. The source keeps its changes for it.
 * 2. `copying`: PostgreSQL copies. Everything goes on at the source.
 * 3. `fencing`: the source sets the heads and checkpoints aside, the target brings them back, and
 *    the directory is changed. If that takes too long, the source brings them back, and it is tried
 *    again.
 * 4. `leaving`: the slices are at the target. What is left of them at the source goes.
 *
 * Each step may be killed at any moment. The same call goes on from there, and takes over from a
 * call that is still at it. The source serves until the directory is changed, but for the fence.
 *
 * A split moves the upper slices alone, and they become a partition of their own. In its last step
 * both databases remove what the other half has.
 *
 * As long as a move takes, no version of a projection is registered, activated or removed in the
 * source. Everything else goes on, and is replicated.
 */
export class PartitionMoves extends Context.Service<PartitionMoves, {
  /** The partitions as the directory has them, and whether their databases answer. */
  readonly list: Effect.Effect<ReadonlyArray<ListedPartition>, DatabaseUnavailable>
  /**
   * Moves a partition or its upper slices to another server, or goes on with that. A failure leaves
   * the source serving, unless neither the source nor home answers any more: then the call has to
   * be repeated.
   *
   * {@link MoveRefused} says why a partition is not moved.
   */
  readonly move: (wish: Wish, onProgress: (progress: MoveProgress) => void) => Effect.Effect<MoveReport, Failure>
  /**
   * Goes back: the source serves on, and nothing of the move is left. False comes back if the
   * target does not answer: what it has of the copy is still there.
   */
  readonly cancel: (partition: number) => Effect.Effect<boolean, Failure>
  /**
   * Has a source serve again whose move was killed in its fence, some seconds ago. Or ends a move
   * that was killed in its last step, a minute ago. The number of its partition; undefined if there
   * is none.
   */
  readonly heal: Effect.Effect<number | undefined, Failure>
}>()("playtally/partitions/PartitionMoves") {
  static readonly layer = Layer.effect(
    PartitionMoves,
    Effect.gen(function*() {
      yield* Migrations
      const home = yield* PgClient.PgClient
      const servers = yield* PartitionServers
      const fencePatience = yield* FencePatience
      const notice = yield* MoveNotice

      /** A client of a server's database, as long as the scope is open. */
      const clientOf = Effect.fnUntraced(function*(server: string) {
        if (server === homeServer) return home
        // A memo map of its own: the clients of two databases are layers of the same value.
        const clients = Database.layerOf(yield* servers.find(server)).pipe(Layer.provide(Layer.succeed(PoolShare, 8)))
        return Context.get(yield* Layer.buildWithMemoMap(clients, Layer.makeMemoMapUnsafe(), yield* Effect.scope), PgClient.PgClient)
      })

      const sidesOf = Effect.fnUntraced(function*(move: PartitionMove) {
        const entry = (yield* readDirectory(home)).find(({ partition }) => partition === move.partition)
        const sides: Sides = {
          source: yield* clientOf(move.source),
          target: yield* clientOf(move.target),
          from: yield* servers.find(move.source),
          log: yield* logId(home),
          entry: known(entry, "partition that moves")
        }
        return sides
      })

      const prepare = Effect.fnUntraced(function*(move: PartitionMove, { from, log, source, target }: Sides) {
        yield* takeFenceBack(source, move)
        yield* requireReady(move, source, target)
        yield* refuseUnfinished(source)
        yield* armFence(source, move)
        const schema = yield* readSchema(source)
        yield* prepareTarget(target, { home, log, move, source, schema: schema.map(({ statement }) => statement) })
        yield* unpublish(source, move)
        const versions = schema.filter(({ isTable }) => isTable).map(({ name }) => ({ name, isFiltered: false }))
        const tables = [...replicatedTables({ isHome: move.target === homeServer }), ...versions]
        yield* publish(source, move, tables.map(({ isFiltered, name }) => ({ name, isFiltered: isFiltered && isSplit(move) })))
        yield* subscribe(target, move, from.direct ?? from.target)
        yield* advanceMove(home, move, "copying")
      })

      /**
       * Milliseconds until a change comes to the target; undefined if it does not within the
       * patience.
       */
      const measureBehind = Effect.fnUntraced(function*(move: PartitionMove, { source, target }: Sides) {
        const began = performance.now()
        const nth = yield* beat(source, move)
        while (performance.now() - began < 10_000) {
          if (yield* hasArrived(target, move, nth)) return performance.now() - began
          yield* Effect.sleep(poll.fenced)
        }
        return undefined
      })

      const copy = Effect.fnUntraced(function*(move: PartitionMove, sides: Sides, tell: (progress: MoveProgress) => void) {
        const { source, target } = sides
        yield* takeFenceBack(source, move)
        yield* armFence(source, move)
        const all = (yield* readSize(source, move)).events
        for (;;) {
          const { errors, events, isSubscribed, ready, tables } = yield* readCopy(target, move)
          if (!isSubscribed) return yield* advanceMove(home, move, "preparing")
          tell({ step: "copying", tables: [ready, tables], ...events === undefined ? {} : { events: [events, Math.max(events, all)] } })
          if (errors >= mostErrors) {
            return yield* new MoveRefused({
              reason: "TooFarBehind",
              message:
                `The server "${move.target}" cannot apply what it gets: its log says why. The source serves on. Mend it and run the command again, or cancel the move.`
            })
          }
          if (tables > 0 && ready === tables) break
          yield* Effect.sleep(poll.copying)
        }
        for (;;) {
          const behind = yield* measureBehind(move, sides)
          tell({ step: "copying", ...behind === undefined ? {} : { behind } })
          const { noted } = yield* moveOf(home, move.partition)
          if (behind !== undefined && behind < close && noted > notice) break
          yield* Effect.sleep(poll.copying)
        }
        const changed = differences(yield* readSchema(source), yield* readSchema(target))
        if (changed.length > 0) {
          return yield* new MoveRefused({
            reason: "NotReady",
            message: `The tables of the projections differ between source and target: ${
              changed.slice(0, 3).join(", ")
            }. Cancel the move and begin again.`
          })
        }
        yield* advanceMove(home, move, "fencing")
      })

      /** True if the directory names the target now; false if the fence was taken back. */
      const cross = Effect.fnUntraced(function*(move: PartitionMove, { entry, log, source, target }: Sides) {
        const epoch = epochAt(move, entry)
        if (!(yield* hasSwitched(target, move, epoch))) {
          if (!(yield* fence(source, move))) return false
          const began = performance.now()
          while (!(yield* hasArrived(target, move, "TheFence"))) {
            if (performance.now() - began > fencePatience.milliseconds) return false
            yield* Effect.sleep(poll.fenced)
          }
          yield* switchTarget(target, move, { log, epoch })
        }
        yield* switchDirectory(home, move, entry)
        return true
      })

      /** Has the source serve again after a fence that led to nothing. */
      const goBack = (move: PartitionMove, sides: Sides, to: MoveStep) =>
        Effect.andThen(advanceMove(home, move, to), takeFenceBack(sides.source, move))

      const fenceAndCross = Effect.fnUntraced(function*(move: PartitionMove, sides: Sides) {
        const hasCrossed = yield* cross(move, sides).pipe(
          // Whether the target is the partition already is not known then: the copy begins again.
          Effect.onExit((exit) =>
            Exit.isSuccess(exit) ? Effect.void : Effect.ignore(Effect.retry(goBack(move, sides, "preparing"), patiently))
          )
        )
        if (!hasCrossed) yield* goBack(move, sides, "copying")
        return hasCrossed
      })

      const leave = Effect.fnUntraced(function*(move: PartitionMove, sides: Sides, tell: (progress: MoveProgress) => void) {
        const { log, source } = sides
        const halves = isSplit(move) ? halvesOf(move, sides) : undefined
        if (halves !== undefined) yield* beginCut(halves)
        yield* unpublish(source, move)
        yield* leaveSource(source, move, log)
        if (halves !== undefined) {
          let removed = 0
          yield* endCut(halves, {
            stillCarriesOn: stillCarriesOn(home, move),
            endShrinking: endShrinking(home, move),
            onRemoved: (rows) => {
              removed += rows
              tell({ step: "leaving", removed })
            }
          })
        }
        yield* endMove(home, move)
      })

      /** The target of a split that names none. */
      const freeServer = Effect.fnUntraced(function*(partition: number) {
        const moves = yield* readMoves(home)
        const own = moves.find((move) => move.partition === partition)
        if (own !== undefined) return own.target
        const taken = new Set([...(yield* readDirectory(home)).map(({ server }) => server), ...moves.map(({ target }) => target)])
        for (let nth = 1; nth <= maxServers; nth++) {
          const server = servers.nth(nth)
          if (server === undefined) break
          if (!taken.has(server)) return server
        }
        return yield* new MoveRefused({
          reason: "NotReady",
          message: "DATABASE_SERVERS names no server without a partition. Add one, and give all processes the same setting."
        })
      })

      const undo = Effect.fnUntraced(function*(move: PartitionMove) {
        const source = yield* clientOf(move.source)
        yield* takeFenceBack(source, move)
        const cleaned = yield* Effect.result(Effect.gen(function*() {
          const target = yield* clientOf(move.target)
          const log = yield* logId(home)
          yield* Effect.catchTag(prepareTarget(target, { home, log, move, source, schema: [] }), "MoveRefused", () => Effect.void)
        }))
        yield* unpublish(source, move)
        yield* disarmFence(source, move)
        yield* endMove(home, move)
        return cleaned._tag === "Success"
      })

      const move = Effect.fn("PartitionMoves.move")(
        function*(wish: Wish, tell: (progress: MoveProgress) => void) {
          let move = yield* beginMove(home, { ...wish, target: wish.target ?? (yield* freeServer(wish.partition)) })
          const sides = yield* Effect.catchTag(
            sidesOf(move),
            "DatabaseUrlUnusable",
            (error) => Effect.andThen(endMove(home, move), Effect.fail(error))
          )
          let fencesTakenBack = 0
          let fenced = 0
          for (;;) {
            tell({ step: move.step })
            switch (move.step) {
              case "preparing": {
                const now = move
                yield* Effect.tapError(
                  prepare(now, sides),
                  (error) =>
                    error._tag === "ImportUnfinished" || (error._tag === "MoveRefused" && error.reason === "NotReady")
                      ? Effect.ignore(undo(now))
                      : Effect.void
                )
                break
              }
              case "copying":
                yield* copy(move, sides, tell)
                break
              case "fencing": {
                const began = performance.now()
                const hasCrossed = yield* fenceAndCross(move, sides)
                fenced = performance.now() - began
                if (hasCrossed) break
                fencesTakenBack++
                if (fencesTakenBack >= fencePatience.most) {
                  return yield* new MoveRefused({
                    reason: "TooFarBehind",
                    message:
                      `The server "${move.target}" was too far behind ${fencesTakenBack} times. Partition ${move.partition} is served by "${move.source}", and the copy goes on. Run the command again when there is less to do, or cancel the move.`
                  })
                }
                yield* Effect.sleep(fencesTakenBack * fencePatience.milliseconds / 3)
                break
              }
              case "leaving":
                yield* leave(move, sides, tell)
                return { move, fenced, fencesTakenBack }
            }
            move = yield* moveOf(home, move.partition)
          }
        },
        Effect.scoped,
        Effect.catchTag(
          "MigrationError",
          (error) => Effect.fail(new MoveRefused({ reason: "NotReady", message: `The target cannot be migrated: ${error.message}` }))
        ),
        unavailable("PartitionMoves.move")
      )

      const cancel = Effect.fn("PartitionMoves.cancel")(
        (partition: number) => Effect.flatMap(takeOverToCancel(home, partition), undo),
        Effect.scoped,
        unavailable("PartitionMoves.cancel")
      )

      const endLeft = Effect.gen(function*() {
        const move = yield* takeOverLeft(home, leftAfter)
        if (move === undefined) return undefined
        yield* leave(move, yield* sidesOf(move), () => {})
        yield* Effect.logWarning("A move was killed in its last step: the service has ended it").pipe(
          Effect.annotateLogs({ partition: move.partition, server: move.source })
        )
        return move.partition
      })

      const heal = Effect.gen(function*() {
        const move = yield* takeOverAbandoned(home, yield* FenceAbandoned)
        if (move === undefined) return yield* endLeft
        yield* Effect.flatMap(clientOf(move.source), (source) => Effect.retry(takeFenceBack(source, move), patiently))
        yield* Effect.logWarning("A move was killed in its fence: the source serves again. Run the command again, or cancel the move").pipe(
          Effect.annotateLogs({ partition: move.partition, server: move.source })
        )
        return move.partition
      }).pipe(Effect.scoped, unavailable("PartitionMoves.heal"))

      const list = Effect.gen(function*() {
        const moves = yield* readMoves(home)
        return yield* Effect.forEach(yield* readDirectory(home), (entry) =>
          Effect.flatMap(clientOf(entry.server), readSize).pipe(
            Effect.scoped,
            Effect.timeout("5 seconds"),
            Effect.option,
            Effect.map((size): ListedPartition => ({
              entry,
              size: size._tag === "Some" ? size.value : undefined,
              move: moves.find(({ partition }) => partition === entry.partition)
            }))
          ), { concurrency: "unbounded" })
      })

      return PartitionMoves.of({ move, cancel, heal, list: unavailable("PartitionMoves.list")(list) })
    })
  )

  /**
   * Looks now and then, as long as the service runs, for what a killed move has left.
   */
  static readonly layerHealing = Layer.effectDiscard(
    Effect.gen(function*() {
      const { heal } = yield* PartitionMoves
      yield* Effect.forkScoped(Effect.repeat(Effect.ignore(heal), Schedule.spaced("3 seconds")))
    })
  ).pipe(Layer.provide(PartitionMoves.layer))
}

const patiently = { schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "10 seconds" })) }

/** The databases of a split after the fence. */
const halvesOf = (move: PartitionMove, { entry, log, source, target }: Sides): Halves => {
  const { becomes, first, last, partition } = move
  return {
    move: move.move,
    stayed: { sql: source, identity: { log, partition, epoch: entry.epoch }, others: { first, last } },
    left: {
      sql: target,
      identity: { log, partition: becomes, epoch: epochAt(move, entry) },
      others: { first: entry.first, last: Slice(first - 1) }
    }
  }
}

/** Fails with one sentence that says what the two servers lack. */
const requireReady = Effect.fnUntraced(function*(move: PartitionMove, source: PgClient.PgClient, target: PgClient.PgClient) {
  const [leaves, comes] = [yield* readReplicationFacts(source), yield* readReplicationFacts(target)]
  const lacking = [
    ...lackingToLeave(leaves).map((one) => ({ ...one, server: move.source })),
    ...lackingToCome(comes).map((one) => ({ ...one, server: move.target })),
    ...leaves.schema === comes.schema ? [] : [{
      server: move.target,
      says: `the schema is "${comes.schema}", and that of the source "${leaves.schema}"`,
      mend: `create schema "${leaves.schema}";`
    }]
  ]
  if (lacking.length === 0) return
  return yield* new MoveRefused({
    reason: "NotReady",
    message: `Nothing was changed: ${lacking.map(({ mend, says, server }) => `on "${server}" ${says} (${mend})`).join("; ")}.`
  })
})
