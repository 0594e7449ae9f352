import * as Schema from "effect/Schema"
import { NextCursor, shownEventWith } from "./EventsSchema.ts"

const Value = Schema.NullOr(Schema.Union([Schema.Finite, Schema.String, Schema.Boolean]))

/** How a value of a user's counters came about, as it is answered, for the API's description. */
export const ExplanationSchema = Schema.Struct({
  path: Schema.String,
  value: Value.annotate({ description: "As the counters document has it; null where it has none any more" }),
  position: Schema.Natural.annotate({ description: "Position in the user's slice of the log up to which events were looked at" }),
  contributions: Schema.Array(shownEventWith("Contribution", {
    contribution: Value.annotate({
      description: "By how much the event changed the value: a number for a count, a decimal for an amount; of any other value, the new one"
    }),
    value: Value.annotate({ description: "The value with this event and all before it; 0 for a number that the document did not have" })
  })).annotate({ description: "The events that changed the value, in order of position; those of all pages add up to it" }),
  next_cursor: NextCursor
}).annotate({ identifier: "Explanation", description: "The value, and a page of the events that made it" })
