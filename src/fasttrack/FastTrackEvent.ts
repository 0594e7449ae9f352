import type { UserId } from "../values/UserId.ts"
import type { UncountedWord } from "./countedWords.ts"
import type { AboutEvent } from "./EventKind.ts"
import { eventKinds } from "./eventKinds.ts"

export type EventType = keyof typeof eventKinds

/**
 * What an event of each kind carries, in canonical form: amounts as decimal text, times in UTC with
 * milliseconds, defaults filled in, null for what is absent where null is allowed.
 */
export type EventData = { readonly [T in EventType]: (typeof eventKinds)[T]["data"]["Type"] }

/** An event of one kind. `occurredAt` is the item's `timestamp` in milliseconds since the epoch. */
export interface EventOf<T extends EventType> {
  readonly event: T
  readonly userId: UserId
  readonly occurredAt: number
  readonly data: EventData[T]
}

/** An item of the bulk body once it is decoded (docs/design.md#the-bulk-endpoint). */
export type FastTrackEvent = { [T in EventType]: EventOf<T> }[EventType]

export const isEventType = (text: string): text is EventType => Object.hasOwn(eventKinds, text)

/** Every kind there is. */
export const eventTypes: ReadonlyArray<EventType> = Object.keys(eventKinds).filter(isEventType)

/** What `make` gives for each kind. */
export const perKind = <A>(make: (kind: (typeof eventKinds)[EventType]) => A): Readonly<Record<EventType, A>> =>
  Object.fromEntries(eventTypes.map((event) => [event, make(eventKinds[event])] as const)) as Record<EventType, A>

/** The id that the sender gave to the event, as reports name it. */
export const idOf = ({ data, event }: { readonly event: EventType; readonly data: { readonly [field: string]: unknown } }): string =>
  String(data[eventKinds[event].idField])

const about: { readonly [T in EventType]: AboutEvent<EventData[T]> } = eventKinds

/** What an event says, in a few words for people. */
export const summaryOf = <T extends EventType>({ data, event }: Pick<EventOf<T>, "event" | "data">): string => about[event].summary(data)

/** The word for which no projection counts an event; undefined of one that counts. */
export const uncountedWord = <T extends EventType>({ data, event }: Pick<EventOf<T>, "event" | "data">): UncountedWord | undefined =>
  about[event].uncountedWord?.(data)
