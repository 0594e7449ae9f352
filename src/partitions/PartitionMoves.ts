import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type { SessionUnfit } from "../database/checkSession.ts"
import { type DatabaseUnavailable, unavailable } from "../database/DatabaseUnavailable.ts"
import type { DatabaseUrlUnusable } from "../database/DatabaseUrlUnusable.ts"
import { Migrations, type SchemaMismatch } from "../database/Migrations.ts"
import { ServerClients } from "../database/ServerClients.ts"
import type { ImportUnfinished } from "../event-log/unfinishedImport.ts"
import { known } from "../values/known.ts"
import { copySlices, MoveNotice } from "./moves/copySlices.ts"
import { crossFence, FencePatience, patiently } from "./moves/crossFence.ts"
import { CutStep } from "./moves/cutHalf.ts"
import { disarmFence, takeFenceBack } from "./moves/fence.ts"
import { leaveMove } from "./moves/leaveMove.ts"
import type { TellProgress } from "./moves/MoveProgress.ts"
import {
  beginMove,
  endMove,
  moveOf,
  type MoveWish,
  type PartitionMove,
  readMoves,
  takeOverAbandoned,
  takeOverLeft,
  takeOverToCancel
} from "./moves/moveRecord.ts"
import { MoveRefused } from "./moves/MoveRefused.ts"
import type { MoveSides } from "./moves/MoveSides.ts"
import { prepareMove } from "./moves/prepareMove.ts"
import { prepareTarget } from "./moves/prepareTarget.ts"
import { unpublish } from "./moves/replication.ts"
import { logId, readDirectory, readSize } from "./PartitionDirectory.ts"
import type { PartitionEntry } from "./PartitionMap.ts"
import { PartitionServers } from "./PartitionServers.ts"
import { serverClient } from "./serverClient.ts"

/** A partition, how much it holds, and its move if there is one. */
export interface ListedPartition {
  readonly entry: PartitionEntry
  /** Undefined if the database does not answer. */
  readonly size: { readonly events: number; readonly bytes: number } | undefined
  readonly move: PartitionMove | undefined
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

/** After how many seconds a fence has no command any more. Each ends or fails before that. */
export const FenceAbandoned = Context.Reference<number>("playtally/partitions/FenceAbandoned", { defaultValue: () => 15 })

/** After how many seconds without a sign the last step of a move has no command any more. */
const leftAfter = 60
/** The most servers that a split looks at for one without a partition. */
const maxServers = 99

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
  readonly move: (wish: Wish, onProgress: TellProgress) => Effect.Effect<MoveReport, Failure>
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
      const own = Context.make(PgClient.PgClient, home).pipe(
        Context.add(PartitionServers, servers),
        Context.add(ServerClients, yield* ServerClients),
        Context.add(FencePatience, fencePatience),
        Context.add(MoveNotice, yield* MoveNotice),
        Context.add(CutStep, yield* CutStep)
      )

      const clientOf = (server: string) => Effect.provide(serverClient(server), own)

      const sidesOf = Effect.fnUntraced(function*(move: PartitionMove) {
        const entry = (yield* readDirectory(home)).find(({ partition }) => partition === move.partition)
        const sides: MoveSides = {
          home,
          source: yield* clientOf(move.source),
          target: yield* clientOf(move.target),
          from: yield* servers.find(move.source),
          log: yield* logId(home),
          entry: known(entry, "partition that moves")
        }
        return sides
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
        function*(wish: Wish, tell: TellProgress) {
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
                  prepareMove(now, sides),
                  (error) =>
                    error._tag === "ImportUnfinished" || (error._tag === "MoveRefused" && error.reason === "NotReady")
                      ? Effect.ignore(undo(now))
                      : Effect.void
                )
                break
              }
              case "copying":
                yield* copySlices(move, sides, tell)
                break
              case "fencing": {
                const began = performance.now()
                const hasCrossed = yield* crossFence(move, sides)
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
                yield* leaveMove(move, sides, tell)
                return { move, fenced, fencesTakenBack }
            }
            move = yield* moveOf(home, move.partition)
          }
        },
        Effect.scoped,
        Effect.provide(own),
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
        yield* leaveMove(move, yield* sidesOf(move), () => {})
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
      }).pipe(Effect.scoped, Effect.provide(own), unavailable("PartitionMoves.heal"))

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
