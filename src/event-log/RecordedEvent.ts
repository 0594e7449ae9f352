import type { EventType, FastTrackEvent } from "../fasttrack/FastTrackEvent.ts"
import type { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"

/**
 * An event on its way into the log, as it will stand there. What it was decoded to is let go of: a
 * batch waits for its commit, and whatever it holds meanwhile is copied by the garbage collector.
 */
export interface NewEvent {
  readonly slice: Slice
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly idempotencyKey: string
  /** `JSON text` of the payload, as `encodePayload` gives it. */
  readonly payload: string
  readonly eventType: EventType
  /** Epoch milliseconds. */
  readonly occurredAt: number
}

/**
 * An event as the log holds it. `position` is dense within `slice`; `recordedAt` never decreases
 * along positions. Times are epoch milliseconds.
 */
export interface RecordedEvent {
  readonly slice: Slice
  readonly position: Position
  readonly tenantId: TenantId
  readonly userId: UserId
  readonly recordedAt: number
  readonly event: FastTrackEvent
  readonly unreadable?: never
  readonly withheld?: never
}

/**
 * What is left of an event whose user was erased: its place. `userId` is the user's pseudonym,
 * which no user has.
 */
export interface ErasedEvent extends Omit<RecordedEvent, "event"> {
  readonly event: null
  readonly unreadable?: never
  readonly withheld?: never
}

/**
 * An event that the log holds and that this release cannot take: its payload is larger than a
 * reader takes, or of a version that this release does not know. `type` is its kind, as it is
 * stored.
 */
export interface UnreadableEvent extends Omit<RecordedEvent, "event" | "unreadable"> {
  readonly event: null
  readonly type: string
  /** Why it cannot be read, in a few words without anything of its payload. */
  readonly unreadable: string
}

/**
 * An event whose payload is still in the database: it is too large to be fetched without looking at
 * its size. See `fetchPayloads`.
 */
export interface WithheldEvent extends Omit<RecordedEvent, "event" | "withheld"> {
  readonly event: null
  readonly type: string
  readonly occurredAt: number
  readonly payloadVersion: number
  /** Bytes that it has at most. */
  readonly withheld: number
}

/** Whatever stands at a position of the log. */
export type LogEntry = RecordedEvent | ErasedEvent | UnreadableEvent

/** How much is read at once. */
export interface ReadBound {
  /** Positions, of each slice. */
  readonly events: number
  /**
   * Bytes of payload, of all slices together. A first event that is larger is read nonetheless,
   * alone.
   */
  readonly bytes: number
}

/**
 * What became of one event of a batch. A duplicate and a conflict name the position of the event
 * that was there first, and a conflict the fields in which it differs, as `differingFields` does.
 */
export type EventOutcome =
  | { readonly _tag: "Appended"; readonly position: Position }
  | { readonly _tag: "Duplicate"; readonly position: Position }
  | { readonly _tag: "Conflict"; readonly position: Position; readonly fields: ReadonlyArray<string> }
  | { readonly _tag: "Refused"; readonly message: string }

/**
 * The same as `EventLog.append` tells it: `Known` is a duplicate or a conflict, which
 * `EventLog.compare` tells apart.
 */
export type AppendOutcome = EventOutcome | { readonly _tag: "Known"; readonly position: Position }

/** How far a slice is to be read, or has been. Position 0 stands before the first event. */
export interface SlicePosition {
  readonly slice: Slice
  readonly position: Position
}
