import type { LogEntry, UnreadableEvent } from "../../event-log/RecordedEvent.ts"
import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { Position } from "../../values/Position.ts"
import type { Slice } from "../../values/Slice.ts"
import type { UserRef } from "../tables/ProjectionStore.ts"

/** A user and the slice of the user's events. */
export interface UserInSlice extends UserRef {
  readonly slice: Slice
}

/** A user with the events to fold next, in order of position. */
export interface FedUser extends UserInSlice {
  /** The position of the first event. */
  readonly position: Position
  readonly events: ReadonlyArray<FastTrackEvent>
  /** The event that follows, if it cannot be read. */
  readonly unreadable?: UnreadableEvent | undefined
}

/**
 * A user with what was read of the user's events, up to the first that cannot be read; undefined
 * without any.
 */
export const fedUser = ({ slice, tenantId, userId }: UserInSlice, entries: ReadonlyArray<LogEntry>): FedUser | undefined => {
  const events: Array<FastTrackEvent> = []
  let unreadable: UnreadableEvent | undefined
  for (const entry of entries) {
    if (entry.event !== null) events.push(entry.event)
    else if (entry.unreadable !== undefined) {
      unreadable = entry
      break
    }
  }
  const [first] = entries
  return first === undefined || (events.length === 0 && unreadable === undefined)
    ? undefined
    : { tenantId, userId, slice, position: first.position, events, unreadable }
}
