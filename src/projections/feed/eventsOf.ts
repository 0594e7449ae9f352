import type { LogEntry, UnreadableEvent } from "../../event-log/RecordedEvent.ts"
import type { FastTrackEvent } from "../../fasttrack/FastTrackEvent.ts"
import type { UserRef } from "../tables/ProjectionStore.ts"
import type { UserEvents } from "./feedChunk.ts"

/**
 * One user's events as they are fed, up to the first that cannot be read; undefined without any.
 */
export const eventsOf = (user: UserRef & { readonly slice: number }, entries: ReadonlyArray<LogEntry>): UserEvents | undefined => {
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
    : { tenantId: user.tenantId, userId: user.userId, slice: user.slice, position: first.position, events, unreadable }
}
