import type { LogEntry } from "../event-log/RecordedEvent.ts"
import { idOf, summaryOf } from "../fasttrack/FastTrackEvent.ts"
import { printable } from "./printable.ts"

/**
 * One line about an event: its time, place, tenant, user, summary and id.
 *
 * The time is that of the recording. If the event happened at least a minute before or after, the
 * line ends with that time.
 */
export const eventLine = (logged: LogEntry, tenantName: string): string => {
  const { event } = logged
  const place = [new Date(logged.recordedAt).toISOString(), `${logged.slice}/${logged.position}`.padEnd(9), printable(tenantName)]
  if (logged.unreadable !== undefined) return [...place, printable(logged.userId), `(cannot be read: ${logged.unreadable})`].join("  ")
  if (event === null) return [...place, "(erased)"].join("  ")
  const late = logged.recordedAt - event.occurredAt
  return [
    ...place,
    printable(logged.userId),
    printable(summaryOf(event)),
    `#${printable(idOf(event))}`,
    ...Math.abs(late) < 60_000 ? [] : [`(happened ${new Date(event.occurredAt).toISOString()})`]
  ].join("  ")
}
