import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { readSize } from "../PartitionDirectory.ts"
import { directoryHolds } from "../PartitionSet.ts"
import { armFence, beat, hasArrived, takeFenceBack } from "./fence.ts"
import type { TellProgress } from "./MoveProgress.ts"
import { advanceMove, moveOf, type PartitionMove } from "./moveRecord.ts"
import { MoveRefused } from "./MoveRefused.ts"
import type { MoveSides } from "./MoveSides.ts"
import { differences, readSchema } from "./projectionSchema.ts"
import { readCopy } from "./replication.ts"

/**
 * For how many milliseconds the directory says at least that the partition is moving, before the
 * fence. Processes go by what they have read for five seconds.
 */
export const MoveNotice = Context.Reference<number>("playtally/partitions/MoveNotice", { defaultValue: () => directoryHolds + 1000 })

/** The target is close if a change comes to it within so many milliseconds. */
const close = 500
/** How often the target is asked while it copies. */
const poll = "250 millis"
/** Errors of the target that it does not get over by itself. */
const mostErrors = 5

/**
 * The step `copying`: PostgreSQL copies the rows. It ends when the target is close behind the
 * source, and when every process has read in the directory that the partition is moving.
 */
export const copySlices = Effect.fnUntraced(function*(move: PartitionMove, sides: MoveSides, tell: TellProgress) {
  const { home, source, target } = sides
  const notice = yield* MoveNotice
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
    yield* Effect.sleep(poll)
  }
  for (;;) {
    const behind = yield* measureBehind(move, sides)
    tell({ step: "copying", ...behind === undefined ? {} : { behind } })
    const { noted } = yield* moveOf(home, move.partition)
    if (behind !== undefined && behind < close && noted > notice) break
    yield* Effect.sleep(poll)
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

/**
 * Milliseconds until a change comes to the target; undefined if it does not within the
 * patience.
 */
const measureBehind = Effect.fnUntraced(function*(move: PartitionMove, { source, target }: MoveSides) {
  const began = performance.now()
  const nth = yield* beat(source, move)
  while (performance.now() - began < 10_000) {
    if (yield* hasArrived(target, move, nth)) return performance.now() - began
    yield* Effect.sleep("10 millis")
  }
  return undefined
})
