import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { payloadVersion } from "../fasttrack/payload.ts"
import { compareUtf8 } from "../values/compareUtf8.ts"
import { known } from "../values/known.ts"
import { Position } from "../values/Position.ts"
import type { Slice } from "../values/Slice.ts"
import { compareContent, type KnownEvent } from "./compareKnown.ts"
import type { AppendOutcome, EventOutcome, NewEvent, ReadBound, SlicePosition, WithheldEvent } from "./RecordedEvent.ts"
import { shortBytes } from "./statements/appendStatement.ts"
import { fetchedEvent } from "./statements/fetchPayloads.ts"
import { type EventRow, inlineBytes, toEntry } from "./statements/readStatements.ts"
import { largestShown, pageBytes, type PageRequest, type StoredUserEvent, type UserPage } from "./statements/readUserPage.ts"
import type { UserPart, UserPlace, UsersPart } from "./statements/readUsers.ts"

/** An event in memory. The payload stays text, and is parsed each time, as a database does. */
interface StoredEvent extends NewEvent {
  readonly position: Position
  readonly recordedAt: number
}

/**
 * The operations of `EventLog` on arrays in memory, one array a slice. Each is synchronous, and so
 * atomic.
 */
export const memoryLog = Effect.map(Clock.Clock, (clock) => {
  /** The event at position p of a slice is at index p - 1. */
  const slices = new Map<Slice, Array<StoredEvent>>()
  const byKey = new Map<string, StoredEvent>()

  const eventsOf = (slice: Slice): ReadonlyArray<StoredEvent> => slices.get(slice) ?? []
  const eventAt = ({ position, slice }: SlicePosition): StoredEvent => known(eventsOf(slice)[position - 1], `event ${slice}/${position}`)

  const store = (event: NewEvent): StoredEvent => {
    const events = slices.get(event.slice) ?? []
    slices.set(event.slice, events)
    const recordedAt = Math.max(events.at(-1)?.recordedAt ?? 0, clock.currentTimeMillisUnsafe())
    const stored = { ...event, position: Position(events.length + 1), recordedAt }
    events.push(stored)
    byKey.set(keyOf(event), stored)
    return stored
  }

  const append = (events: ReadonlyArray<NewEvent>): ReadonlyArray<AppendOutcome> => {
    const refused = new Map<string, string>()
    return events.map((event) => {
      const first = byKey.get(keyOf(event))
      if (first !== undefined) {
        return bytesOf(first) > shortBytes
          ? { _tag: "Known", position: first.position }
          : compareStored({ event, position: first.position })
      }
      const problem = refused.get(keyOf(event)) ?? problemOf(event)
      if (problem === undefined) return { _tag: "Appended", position: store(event).position }
      refused.set(keyOf(event), problem)
      return { _tag: "Refused", message: problem }
    })
  }

  const compareStored = ({ event, position }: KnownEvent): EventOutcome => {
    const { occurredAt, payload } = eventAt({ slice: event.slice, position })
    return compareContent(event, position, { payloadVersion, payload, occurredAt })
  }

  return {
    append,
    compare: (events: ReadonlyArray<KnownEvent>) => events.map(compareStored),
    count: (after: ReadonlyArray<SlicePosition>, limit: number) =>
      after.map(({ position, slice }) => {
        const events = Math.max(0, Math.min(limit, eventsOf(slice).length - position))
        return { slice, position: Position(position + events), events }
      }),
    look: (after: ReadonlyArray<SlicePosition>, { bytes, events }: ReadBound) =>
      after.toSorted(compareSlices)
        .flatMap(({ position, slice }) => eventsOf(slice).slice(position, position + events))
        .map(toEntryWithin({ bytes, events: events * after.length })),
    lookAtParts: (parts: ReadonlyArray<SlicePosition & { readonly upTo: Position }>, types: ReadonlyArray<string>, bytes: number) =>
      parts.toSorted(compareSlices)
        .flatMap(({ position, slice, upTo }) => eventsOf(slice).slice(position, upTo))
        .filter(({ eventType }) => types.includes(eventType))
        .map(toEntryWithin({ bytes, events: parts.reduce((sum, { position, upTo }) => sum + upTo - position, 0) })),
    lookAtUsers: ({ tenantId, types, upTo, userIds }: UsersPart, after: UserPlace, bound: ReadBound) =>
      [...slices.values()].flat()
        .filter((event) =>
          event.tenantId === tenantId && userIds.includes(event.userId) && types.includes(event.eventType) &&
          event.position <= upTo && compareUserPlaces(event, after) > 0
        )
        .sort(compareUserPlaces)
        .slice(0, bound.events)
        .map(toEntryWithin(bound)),
    lookAtUser: ({ after, slice, tenantId, types, upTo, userId }: UserPart, bound: ReadBound) =>
      eventsOf(slice).slice(after, Math.min(upTo, after + bound.events))
        .filter((event) => event.tenantId === tenantId && event.userId === userId && types.includes(event.eventType))
        .map(toEntryWithin(bound)),
    fetch: (withheld: ReadonlyArray<WithheldEvent>, bytes: number) => {
      const sizes = withheld.map((event) => bytesOf(eventAt(event)))
      return withheld.slice(0, fitting(sizes, bytes)).map((event) => fetchedEvent(event, bytesOf(eventAt(event)), eventAt(event).payload))
    },
    readUserPage: ({ before, eventType, largest = largestShown, limit, tenantId, userId }: PageRequest): UserPage => {
      const own = [...slices.values()].flat()
        .filter((event) => event.tenantId === tenantId && event.userId === userId && event.position < before)
        .filter((event) => eventType === undefined || event.eventType === eventType)
        .toReversed()
      const fit = fitting(own.slice(0, limit).map(bytesOf), pageBytes)
      return { events: own.slice(0, fit).map((event) => toUserEvent(event, largest)), isMore: fit < own.length }
    }
  }
})

const keyOf = ({ idempotencyKey, tenantId, userId }: NewEvent): string => `${tenantId} ${idempotencyKey} ${userId}`

const bytesOf = ({ payload }: StoredEvent): number => Buffer.byteLength(payload)

/** How many of some sizes come to a sum at most: one, unless there are none. */
const fitting = (sizes: ReadonlyArray<number>, most: number): number => {
  let sum = 0
  const tooMany = sizes.findIndex((size, index) => (sum += size) > most && index > 0)
  return tooMany === -1 ? sizes.length : tooMany
}

/** Why the log cannot hold an event: what PostgreSQL would refuse. */
const problemOf = ({ payload, userId }: NewEvent): string | undefined => {
  if (userId.includes("\0")) return "a text has a NUL"
  try {
    JSON.parse(payload)
    return undefined
  } catch {
    return "the payload is no JSON"
  }
}

const compareSlices = (a: SlicePosition, b: SlicePosition): number => a.slice - b.slice

const compareUserPlaces = (a: UserPlace, b: UserPlace): number => compareUtf8(a.userId, b.userId) || a.position - b.position

/** Reads an event as the statements do: a payload larger than the bound allows is withheld. */
const toEntryWithin = (bound: ReadBound) => (event: StoredEvent) => {
  const bytes = bytesOf(event)
  const row: EventRow = {
    slice: event.slice,
    position: BigInt(event.position),
    tenant_id: event.tenantId,
    user_id: event.userId,
    event_type: event.eventType,
    occurred_at: new Date(event.occurredAt),
    recorded_at: new Date(event.recordedAt),
    payload_version: payloadVersion,
    payload: bytes <= inlineBytes(bound) ? JSON.parse(event.payload) : bytes
  }
  return toEntry(row)
}

const toUserEvent = (event: StoredEvent, largest: number): StoredUserEvent => ({
  slice: event.slice,
  position: event.position,
  eventType: event.eventType,
  payloadVersion,
  occurredAt: event.occurredAt,
  recordedAt: event.recordedAt,
  bytes: bytesOf(event),
  payload: bytesOf(event) <= largest ? event.payload : null
})
