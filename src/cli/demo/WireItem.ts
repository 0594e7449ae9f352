import type { Envelope } from "../../fasttrack/Envelope.ts"
import type { eventKinds } from "../../fasttrack/eventKinds.ts"
import type { EventType } from "../../fasttrack/FastTrackEvent.ts"

/** An item of one kind as FastTrack sends it. */
export interface WireItemOf<T extends EventType> {
  readonly event: T
  readonly data: typeof Envelope.Encoded & (typeof eventKinds)[T]["data"]["Encoded"]
}

/** An item as FastTrack sends it: what the contract's schemas read. */
export type WireItem = { [T in EventType]: WireItemOf<T> }[EventType]

/** A time as FastTrack writes it. */
export const wireTime = (at: number): string => new Date(at).toISOString()

/**
 * The fields every kind has, of an event that happened at `at` and passed through FastTrack at
 * once.
 */
export const happenedAt = (userId: string, at: number) => ({
  user_id: userId,
  timestamp: wireTime(at),
  entry_timestamp: wireTime(at + 35),
  process_timestamp: wireTime(at + 90)
})
