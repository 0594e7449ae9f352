import { CasinoData } from "./CasinoData.ts"
import { GameRoundData } from "./GameRoundData.ts"
import { LoginData } from "./LoginData.ts"
import { PaymentData } from "./PaymentData.ts"
import { RegistrationData } from "./RegistrationData.ts"
import { SportsBetData } from "./SportsBetData.ts"

/** The schema of each kind's data, without the fields of `Envelope`. */
export const eventData = {
  "realtime-casino": CasinoData,
  "realtime-payment": PaymentData,
  "realtime-registration": RegistrationData,
  "realtime-gameround": GameRoundData,
  "realtime-sports-bet": SportsBetData,
  "realtime-login": LoginData
}

export type EventType = keyof typeof eventData

/**
 * What an event of each kind carries, in canonical form: amounts as decimal text, times in UTC with
 * milliseconds, defaults filled in, null for what is absent where null is allowed.
 */
export type EventData = { readonly [T in EventType]: (typeof eventData)[T]["Type"] }

/** An event of one kind. `occurredAt` is the item's `timestamp` in milliseconds since the epoch. */
export interface EventOf<T extends EventType> {
  readonly event: T
  readonly userId: string
  readonly occurredAt: number
  readonly data: EventData[T]
}

/** An item of the bulk body once it is decoded (docs/design.md#the-bulk-endpoint). */
export type FastTrackEvent = { [T in EventType]: EventOf<T> }[EventType]

export const isEventType = (text: string): text is EventType => Object.hasOwn(eventData, text)
