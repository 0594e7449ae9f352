import * as Result from "effect/Result"
import { canonicalObject } from "./canonicalJson.ts"
import type { EventData, EventType } from "./FastTrackEvent.ts"
import { parseJson } from "./parseJson.ts"
import { decodePayload, payloadVersion } from "./payload.ts"

/** What is about to be stored: `payload` as `encodePayload` gives it, `occurredAt` milliseconds since the epoch. */
export interface NewContent {
  readonly eventType: EventType
  readonly payload: string
  readonly occurredAt: number
}

/** What the log holds of an event: `payload` is JSON text, `occurredAt` milliseconds since the epoch. */
export interface StoredContent {
  readonly payloadVersion: number
  readonly payload: string
  readonly occurredAt: number
}

/**
 * Whether an event says the same as the stored one of its kind, user and key, so that it is a duplicate and no conflict (design §2,
 * "Idempotency"): in all fields but the delivery times, numbers by value, times by instant, payment and sports type and status
 * lower-cased. Throws `UnknownPayload` for a payload that this release cannot read, as then either answer could be wrong.
 */
export const sameContent = (event: NewContent, stored: StoredContent): boolean => {
  if (stored.occurredAt !== event.occurredAt) return false
  if (stored.payloadVersion === payloadVersion && stored.payload === event.payload) return true
  return comparable(event.eventType, stored) === comparable(event.eventType, { payloadVersion, payload: event.payload })
}

const comparable = (eventType: EventType, content: Pick<StoredContent, "payloadVersion" | "payload">): string => {
  const data: EventData[EventType] = Result.getOrThrow(decodePayload(eventType, content.payloadVersion, parseJson(content.payload)))
  return JSON.stringify(canonicalObject({
    ...data,
    ...("status" in data ? { type: data.type.toLowerCase(), status: data.status.toLowerCase() } : {}),
    entry_timestamp: null,
    process_timestamp: null
  }))
}
