import type { LoggedEvent } from "../event-log/LoggedEvent.ts"

const timeText = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** An event as its sender would recognize it, in canonical form. */
export const shownEvent = ({ event, position, recordedAt, slice, userId }: LoggedEvent) => ({
  slice,
  position,
  event: event.event,
  data: { user_id: userId, timestamp: timeText(event.occurredAt), ...event.data },
  occurred_at: timeText(event.occurredAt),
  recorded_at: timeText(recordedAt)
})
