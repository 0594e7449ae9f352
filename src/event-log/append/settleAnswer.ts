import { known } from "../../values/known.ts"
import { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { Steps } from "../../values/steps.ts"
import type { AppendRow } from "../statements/appendStatement.ts"
import { comparedCharacters, outcomeOfStored, type PendingEvent } from "./PendingEvent.ts"

/** What the answer of a statement says of its events. */
export interface SettledAnswer {
  /** Events whose key was stored before. */
  readonly repeats: number
  /** The last position that the statement wrote in each of its slices. */
  readonly committed: ReadonlyMap<Slice, Position>
}

/**
 * Settles the events of a statement that has committed, from its answer.
 *
 * A row says which event was stored before, or where the new events of a slice begin. New events of
 * a slice have dense positions in the order of the input. A slice without a row is a defect.
 */
export function* settleAnswer(rows: ReadonlyArray<AppendRow>, batch: ReadonlyArray<PendingEvent>): Steps<SettledAnswer> {
  const next = new Map<Slice, Position>()
  let repeats = 0
  for (const row of rows) {
    if (row.kind === "appended") next.set(row.slice, Position(Number(row.position)))
    else if (row.kind === "stored") {
      known(batch[row.ord - 1], "event that the statement found stored").stored = row
      repeats++
    }
  }
  let compared = 0
  for (const pending of batch) {
    const { event, stored } = pending
    if (stored === undefined) {
      const position = known(next.get(event.slice), "slice in the answer of an append")
      next.set(event.slice, Position(position + 1))
      pending.outcome = { _tag: "Appended", position }
      continue
    }
    pending.outcome = outcomeOfStored(event, stored)
    compared += event.payload.length
    if (compared < comparedCharacters) continue
    compared = 0
    yield
  }
  for (const [slice, position] of next) next.set(slice, Position(position - 1))
  return { repeats, committed: next }
}
