import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { UserId } from "../values/UserId.ts"
import { type EventData, type EventType, type FastTrackEvent, isEventType } from "./FastTrackEvent.ts"

/** The version of the payloads that `encodePayload` writes. */
export const payloadVersion = 1

/** A stored event that this release cannot read, because a newer release wrote it. */
export class UnknownPayload extends Schema.TaggedError<UnknownPayload>("playtally/fasttrack/UnknownPayload")("UnknownPayload", {
  event: Schema.String,
  payloadVersion: Schema.Number
}) {}

/**
 * The payload that the log keeps: the JSON text of `data`.
 *
 * Items that differ in spelling only have the same payload.
 */
export const encodePayload = (event: FastTrackEvent): string => JSON.stringify(event.data)

/**
 * The bytes that a payload takes in the log, if they are more than `largest`; undefined otherwise.
 */
export const storedSize = (payload: string, largest: number): number | undefined => {
  // A character takes three bytes at most, so those of nearly all payloads need no counting.
  if (payload.length * 3 <= largest) return undefined
  const bytes = Buffer.byteLength(payload)
  return bytes > largest ? bytes : undefined
}

/**
 * The data in a stored payload (parsed JSON), as this release knows it: here, older versions are
 * brought up to date.
 */
export const decodePayload = <T extends EventType>(
  event: T,
  version: number,
  payload: unknown
): Result.Result<EventData[T], UnknownPayload> =>
  version === payloadVersion
    // Not checked again: the log is append-only and holds under this version what encodePayload
    // wrote.
    ? Result.succeed(payload as EventData[T])
    : Result.fail(new UnknownPayload({ event, payloadVersion: version }))

/**
 * The event of a row of the log; `occurredAt` in milliseconds since the epoch, `payload` parsed.
 */
export const decodeStored = (stored: {
  readonly event: string
  readonly userId: UserId
  readonly occurredAt: number
  readonly payloadVersion: number
  readonly payload: unknown
}): Result.Result<FastTrackEvent, UnknownPayload> => {
  const { event, occurredAt, userId } = stored
  if (!isEventType(event)) return Result.fail(new UnknownPayload({ event, payloadVersion: stored.payloadVersion }))
  return Result.map(
    decodePayload(event, stored.payloadVersion, stored.payload),
    // The compiler forgets that `data` is the data of `event`.
    (data) => ({ event, userId, occurredAt, data }) as FastTrackEvent
  )
}
