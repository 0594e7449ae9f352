import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import { fence, hasArrived, hasSwitched, switchTarget, takeFenceBack } from "./fence.ts"
import { advanceMove, epochAt, type MoveStep, type PartitionMove, switchDirectory } from "./moveRecord.ts"
import type { MoveSides } from "./MoveSides.ts"

/**
 * For how many milliseconds a fence waits for the target, and how many fences are taken back before
 * a move gives up for now.
 */
export const FencePatience = Context.Reference<{ readonly milliseconds: number; readonly most: number }>(
  "playtally/partitions/FencePatience",
  { defaultValue: () => ({ milliseconds: 1500, most: 10 }) }
)

/** How long what brings the source back is tried. */
export const patiently = { schedule: Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "10 seconds" })) }

/**
 * The step `fencing`: the source serves the slices no more. Once the target has all that it had,
 * the target serves them. False if that took too long, and the source serves again.
 */
export const crossFence = Effect.fnUntraced(function*(move: PartitionMove, sides: MoveSides) {
  const hasCrossed = yield* cross(move, sides).pipe(
    // Whether the target is the partition already is not known then: the copy begins again.
    Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : Effect.ignore(Effect.retry(goBack(move, sides, "preparing"), patiently)))
  )
  if (!hasCrossed) yield* goBack(move, sides, "copying")
  return hasCrossed
})

/** True if the directory names the target now; false if the fence was taken back. */
const cross = Effect.fnUntraced(function*(move: PartitionMove, { entry, home, log, source, target }: MoveSides) {
  const patience = yield* FencePatience
  const epoch = epochAt(move, entry)
  if (!(yield* hasSwitched(target, move, epoch))) {
    if (!(yield* fence(source, move))) return false
    const began = performance.now()
    while (!(yield* hasArrived(target, move, "TheFence"))) {
      if (performance.now() - began > patience.milliseconds) return false
      yield* Effect.sleep("10 millis")
    }
    yield* switchTarget(target, move, { log, epoch })
  }
  yield* switchDirectory(home, move, entry)
  return true
})

/** Has the source serve again after a fence that led to nothing. */
const goBack = (move: PartitionMove, { home, source }: MoveSides, to: MoveStep) =>
  Effect.andThen(advanceMove(home, move, to), takeFenceBack(source, move))
