import * as Schema from "effect/Schema"
import { eventData, type EventType } from "../../fasttrack/FastTrackEvent.ts"
import { Time } from "../../values/jsonValues.ts"

const common = {
  slice: Schema.Natural.annotate({ description: "The part of the log that the user's events are in" }),
  position: Schema.Natural.annotate({ description: "The event's place in the slice, from 1 on without gaps" }),
  occurred_at: Time,
  recorded_at: Time
}

/** What generated types call the data of each kind, and an event with it. */
const names = {
  "realtime-casino": "Casino",
  "realtime-payment": "Payment",
  "realtime-registration": "Registration",
  "realtime-gameround": "GameRound",
  "realtime-sports-bet": "SportsBet",
  "realtime-login": "Login"
} as const satisfies Record<EventType, string>

const kinds = (Object.keys(eventData) as ReadonlyArray<EventType>).map((event) => ({
  event,
  name: names[event],
  data: Schema.toType(Schema.Struct({ user_id: Schema.String, timestamp: Time, ...eventData[event].fields }))
    .annotate({ identifier: `${names[event]}Data` })
}))

/**
 * An event of any kind as it is answered, with more fields. Amounts are canonical decimal text.
 * `what` ends the names of the schemas.
 */
export const shownEventWith = (what: string, fields: Schema.Struct.Fields) =>
  Schema.Union(
    kinds.map(({ data, event, name }) =>
      Schema.Struct({ ...common, event: Schema.Literal(event), data, ...fields }).annotate({ identifier: `${name}${what}` })
    )
  )

/** For `cursor`. */
export const NextCursor = Schema.NullOr(Schema.String).annotate({ description: "For `cursor`, to read on; null at the end" })

/** An event that is not shown whole, with what is known of it. */
const EventWithoutData = Schema.Struct({
  ...common,
  event: Schema.String,
  data: Schema.Null.annotate({ description: "It is larger than 8 MiB, or was stored by a newer release" }),
  bytes: Schema.Int.annotate({ description: "The size of its stored form" })
}).annotate({ identifier: "EventWithoutData" })

/**
 * A page of a user's events as it is answered (docs/design.md#reading), for the API's description.
 */
export const EventsSchema = Schema.Struct({
  events: Schema.Array(Schema.Union([shownEventWith("Event", {}), EventWithoutData])),
  next_cursor: NextCursor
}).annotate({
  identifier: "Events",
  description:
    "Newest first. A page may have fewer events than its limit, and at least one, where there are more: as long as `next_cursor` is no null"
})
