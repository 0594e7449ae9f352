import type { EventType } from "./FastTrackEvent.ts"

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
export const idOf = ({ data, event }: { readonly event: EventType; readonly data: { readonly [field: string]: unknown } }): string =>
  String(data[idField[event]])
