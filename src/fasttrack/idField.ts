import type { EventType, FastTrackEvent } from "./FastTrackEvent.ts"

/** The field of each kind's data that holds the id used for idempotency. */
export const idField = {
  "realtime-casino": "unique_id",
  "realtime-payment": "payment_id",
  "realtime-registration": "unique_id",
  "realtime-gameround": "unique_id",
  "realtime-sports-bet": "activity_id",
  "realtime-login": "unique_id"
} as const satisfies Record<EventType, string>

/** The id that the sender gave to the event, as reports name it. */
export const idOf = (event: FastTrackEvent): string => {
  switch (event.event) {
    case "realtime-payment":
      return event.data.payment_id
    case "realtime-sports-bet":
      return event.data.activity_id
    default:
      return event.data.unique_id
  }
}
