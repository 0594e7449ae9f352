import { payloadVersion } from "../../fasttrack/payload.ts"
import { known } from "../../values/known.ts"
import { Position } from "../../values/Position.ts"
import type { Steps } from "../../values/steps.ts"
import { compareContent } from "../compareKnown.ts"
import { erasedVersion } from "../pseudonym.ts"
import type { AppendOutcome, NewEvent } from "../RecordedEvent.ts"
import type { StoredRow } from "../statements/appendStatement.ts"

/** An event between its request and its answer. All parts of an append fill in this one object. */
export interface PendingEvent {
  readonly event: NewEvent
  /** The first event of the same append with the same key. Set for a repeat only. */
  first: PendingEvent | undefined
  /** The event that the log held under the key before this append. */
  stored: StoredRow | undefined
  /** Set for every event before the append answers. */
  outcome: AppendOutcome | undefined
}

/** The events of an append, in the order of the request. */
export const pendingEvents = (events: ReadonlyArray<NewEvent>): ReadonlyArray<PendingEvent> =>
  events.map((event) => ({ event, first: undefined, stored: undefined, outcome: undefined }))

/**
 * Sets repeats aside: gives the first event of each key, and notes it in every other event of that
 * key.
 */
export const setRepeatsAside = (pending: ReadonlyArray<PendingEvent>): ReadonlyArray<PendingEvent> => {
  const keys = new Set<string>()
  for (const { event } of pending) keys.add(event.idempotencyKey)
  if (keys.size === pending.length) return pending
  const firsts = new Map<string, PendingEvent>()
  for (const each of pending) {
    const key = each.event.idempotencyKey + each.event.userId
    each.first = firsts.get(key)
    if (each.first === undefined) firsts.set(key, each)
  }
  return [...firsts.values()]
}

/** Payload characters that are compared in one turn. */
export const comparedCharacters = 64 * 1024

/** Settles the repeats, once the first event of each key is settled. */
export function* settleRepeats(pending: ReadonlyArray<PendingEvent>): Steps<void> {
  let compared = 0
  for (const repeat of pending) {
    if (repeat.first === undefined) continue
    repeat.outcome = outcomeOfRepeat(repeat.event, repeat.first)
    compared += repeat.event.payload.length
    if (compared < comparedCharacters) continue
    compared = 0
    yield
  }
}

/**
 * A repeat is compared with what the log holds under its key: the first event of the append, or
 * what was there before the append.
 */
const outcomeOfRepeat = (event: NewEvent, first: PendingEvent): AppendOutcome => {
  const outcome = known(first.outcome, "outcome of the first event of a key")
  if (outcome._tag === "Refused") return outcome
  if (first.stored !== undefined) return outcomeOfStored(event, first.stored)
  const { occurredAt, payload } = first.event
  return compareContent(event, outcome.position, { payloadVersion, payload, occurredAt })
}

/** The outcome of an event whose key the log held before the append. */
export const outcomeOfStored = (event: NewEvent, stored: StoredRow): AppendOutcome => {
  const position = Position(Number(stored.position))
  // What an erased event said can no longer be compared.
  if (stored.payload_version === erasedVersion) return { _tag: "Duplicate", position }
  if (stored.payload === null) return { _tag: "Known", position }
  return compareContent(event, position, {
    payloadVersion: stored.payload_version,
    payload: stored.payload,
    occurredAt: stored.occurred_at.getTime()
  })
}
