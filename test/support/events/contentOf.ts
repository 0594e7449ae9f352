import type { FastTrackEvent } from "../../../src/fasttrack/FastTrackEvent.ts"
import { encodePayload, payloadVersion } from "../../../src/fasttrack/payload.ts"
import type { NewContent, StoredContent } from "../../../src/fasttrack/sameContent.ts"

/** What the log is given of an event, and then holds. */
export const contentOf = (event: FastTrackEvent): NewContent & StoredContent => ({
  eventType: event.event,
  payloadVersion,
  payload: encodePayload(event),
  occurredAt: event.occurredAt
})
