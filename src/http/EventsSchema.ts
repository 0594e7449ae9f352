import * as Schema from "effect/Schema"
import { eventData } from "../fasttrack/FastTrackEvent.ts"
import { Time } from "../projections/jsonValues.ts"

const common = {
  slice: Schema.Int.annotate({ description: "The part of the log that the user's events are in" }),
  position: Schema.Int.annotate({ description: "The event's place in the slice, from 1 on without gaps" }),
  occurred_at: Time,
  recorded_at: Time
}

/** An event of any kind as it is answered, with more fields. Amounts are canonical decimal text. */
export const shownEventWith = (fields: Schema.Struct.Fields) =>
  Schema.Union(
    Object.entries(eventData).map(([event, { fields: data }]) =>
      Schema.Struct({
        ...common,
        event: Schema.Literal(event),
        data: Schema.toType(Schema.Struct({ user_id: Schema.String, timestamp: Schema.String, ...data })),
        ...fields
      })
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

/** A page of a user's events as it is answered (design §3), for the API's description. */
export const EventsSchema = Schema.Struct({
  events: Schema.Array(Schema.Union([shownEventWith({}), EventWithoutData])),
  next_cursor: NextCursor
}).annotate({
  identifier: "Events",
  description:
    "Newest first. A page may have fewer events than its limit, and at least one, where there are more: as long as `next_cursor` is no null"
})
