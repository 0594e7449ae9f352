import * as Schema from "effect/Schema"
import { eventData } from "../fasttrack/FastTrackEvent.ts"

const common = { slice: Schema.Int, position: Schema.Int, occurred_at: Schema.String, recorded_at: Schema.String }

/** A page of a user's events as it is answered (design §3), for the API's description. Amounts are canonical decimal text. */
export const EventsSchema = Schema.Struct({
  events: Schema.Array(Schema.Union(
    Object.entries(eventData).map(([event, { fields }]) =>
      Schema.Struct({
        ...common,
        event: Schema.Literal(event),
        data: Schema.toType(Schema.Struct({ user_id: Schema.String, timestamp: Schema.String, ...fields }))
      })
    )
  )),
  next_cursor: Schema.NullOr(Schema.String).annotate({ description: "For `cursor`, to read on; null at the end" })
}).annotate({ identifier: "Events", description: "Newest first" })
