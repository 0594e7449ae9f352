import type { LogEntry } from "../event-log/RecordedEvent.ts"
import type { FastTrackEvent } from "../fasttrack/FastTrackEvent.ts"
import { idOf } from "../fasttrack/idField.ts"
import { printable } from "./printable.ts"

/** What the event says, in a few words. */
export const summaryOf = (event: FastTrackEvent): string => {
  switch (event.event) {
    case "realtime-casino":
      return `casino ${event.data.type} ${event.data.amount} ${event.data.currency} ${event.data.game_id}`
    case "realtime-gameround":
      return `game round ${event.data.total_bet_user} -> ${event.data.total_win_user} ${event.data.user_currency} ${event.data.game_id}`
    case "realtime-payment":
      return `payment ${event.data.type} ${event.data.status} ${event.data.amount} ${event.data.currency}`
    case "realtime-sports-bet":
      return `sports ${event.data.type} ${event.data.status} ${event.data.amount} ${event.data.currency} ${event.data.bet_type}` +
        (event.data.activity_id_reference === "" ? "" : ` of ${event.data.activity_id_reference}`)
    case "realtime-registration":
      return `account ${event.data.username} ${event.data.country} ${event.data.currency}`
    case "realtime-login":
      return "login"
  }
}

/**
 * One line about an event: when it was recorded, where it stands, whose it is, what it says, its
 * id, and how late it came if it did.
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
