import * as Effect from "effect/Effect"
import { Slice } from "../../values/Slice.ts"
import { beginCut, endCut, type Halves } from "./cutSplit.ts"
import { leaveSource } from "./fence.ts"
import type { TellProgress } from "./MoveProgress.ts"
import { endMove, endShrinking, epochAt, isSplit, type PartitionMove, stillCarriesOn } from "./moveRecord.ts"
import type { MoveSides } from "./MoveSides.ts"
import { unpublish } from "./replication.ts"

/**
 * The step `leaving`: the source forgets the move. Of a split, both databases remove what the other
 * one has.
 */
export const leaveMove = Effect.fnUntraced(function*(move: PartitionMove, sides: MoveSides, tell: TellProgress) {
  const { home, log, source } = sides
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

/** The databases of a split after the fence. */
const halvesOf = (move: PartitionMove, { entry, log, source, target }: MoveSides): Halves => {
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
