import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { MemoryFold } from "../../projections/fold/MemoryFold.ts"

/**
 * Adds the events before the first event on which the fold fails.
 *
 * It tells whether it added all events.
 */
export const addUpToFailure = (fold: MemoryFold, events: ReadonlyArray<FastTrackEvent>): boolean => {
  try {
    fold.add(events)
    return true
  } catch {
    if (events.length === 1) return false
  }
  const half = events.length >> 1
  return addUpToFailure(fold, events.slice(0, half)) && addUpToFailure(fold, events.slice(half))
}
