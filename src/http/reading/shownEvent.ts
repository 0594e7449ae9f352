import type { RecordedEvent } from "../../event-log/RecordedEvent.ts"
import type { StoredUserEvent } from "../../event-log/statements/readUserPage.ts"
import { payloadVersion } from "../../fasttrack/payload.ts"

const timeText = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** An event as its sender would recognize it, in canonical form. */
export const shownEvent = ({ event, position, recordedAt, slice, userId }: RecordedEvent) => ({
  slice,
  position,
  event: event.event,
  data: { user_id: userId, timestamp: timeText(event.occurredAt), ...event.data },
  occurred_at: timeText(event.occurredAt),
  recorded_at: timeText(recordedAt)
})

const object = /^\s*\{\s*(\}?)/

/**
 * The same as JSON text, with the payload as it is stored: what is opaque in it is not parsed,
 * however large it is. An event that is too large to be shown, or that this release cannot read,
 * has null for `data`, and `bytes`.
 */
export const shownEventText = (userId: string, stored: StoredUserEvent): string => {
  const { bytes, eventType, occurredAt, payload, position, recordedAt, slice } = stored
  const occurred = JSON.stringify(timeText(occurredAt))
  const opening = payload === null || stored.payloadVersion !== payloadVersion ? null : object.exec(payload)
  const data = payload === null || opening === null
    ? `null,"bytes":${bytes}`
    : `{"user_id":${JSON.stringify(userId)},"timestamp":${occurred}${opening[1] === "" ? "," : ""}${
      payload.slice(payload.indexOf("{") + 1)
    }`
  return `{"slice":${slice},"position":${position},"event":${JSON.stringify(eventType)},"data":${data},"occurred_at":${occurred},` +
    `"recorded_at":${JSON.stringify(timeText(recordedAt))}}`
}
