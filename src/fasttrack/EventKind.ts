import * as Schema from "effect/Schema"
import type { UncountedWord } from "./countedWords.ts"
import { deliveryTimes } from "./Envelope.ts"

type Fields = Schema.Struct.Fields

/** The schema of a kind's `data`, without the fields of `Envelope`. */
type DataSchema<F extends Fields> = Schema.Struct<typeof deliveryTimes & F>

/** The fields that are read as a text, of whatever length and alphabet. */
type TextField<F extends Fields> = { [N in keyof F & string]: F[N]["Type"] extends string ? N : never }[keyof F & string]

/** What is known of an event's kind and depends on what the event says. */
export interface AboutEvent<Data> {
  /** What an event says, in a few words for people: `casino bet 1.5 EUR game-7`. */
  readonly summary: (data: Data) => string
  /**
   * The word for which no projection counts an event, undefined of one that counts. Only for kinds
   * that count by their words, see `countedWords.ts`.
   */
  readonly uncountedWord?: (data: Data) => UncountedWord | undefined
}

/**
 * All that the service knows of one kind of event.
 *
 * Users and times are the same for every kind: `user_id` and `timestamp` of `Envelope`, and the
 * delivery times, which every kind has and nothing compares. See docs/adding-an-event-kind.md.
 */
export interface EventKind<Event extends string, F extends Fields> extends AboutEvent<DataSchema<F>["Type"]> {
  /** As the wire and the log call it. It never changes. */
  readonly event: Event
  /** What schemas in the API's description are called after, such as `Casino`. */
  readonly name: string
  /** Decodes what the payload in the log has: its fields in this order, part of the data format. */
  readonly data: DataSchema<F>
  /** The field with the id that the sender gave to the event, as reports name it. */
  readonly idField: TextField<F>
  /**
   * The fields that make a resend (docs/design.md#idempotency), in the order in which they are
   * hashed. Part of the data format.
   */
  readonly identity: ReadonlyArray<TextField<F>>
  /** Fields in which letters A to Z are the same as a to z, for identity and for comparison. */
  readonly caseInsensitive: ReadonlyArray<TextField<F>>
  /** For the API's description. */
  readonly described: {
    readonly item: string
    readonly data?: string
    /** The data of an item, without the fields of `Envelope`. */
    readonly example: DataSchema<F>["Encoded"]
  }
}

/** A kind of which `fields` are those that no other kind needs to have. */
export const eventKind = <const Event extends string, F extends Fields>(
  { fields, ...kind }:
    & { readonly fields: F; readonly caseInsensitive?: ReadonlyArray<TextField<F>> }
    & Omit<EventKind<Event, F>, "data" | "caseInsensitive">
): EventKind<Event, F> => ({ caseInsensitive: [], ...kind, data: Schema.Struct({ ...deliveryTimes, ...fields }) })
