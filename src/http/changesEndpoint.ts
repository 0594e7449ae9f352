import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { parameterDetails } from "./parameterDetails.ts"
import * as Problems from "./problems.ts"
import { busy, consistency, document, ifNoneMatch, numeral, numeralDetails, prefer } from "./readingParameters.ts"

/** Who changed as it is answered, for the API's description. */
const ChangesSchema = Schema.Struct({
  changes: Schema.Array(
    Schema.Struct({
      user_id: Schema.String,
      slice: Schema.Natural,
      position: Schema.Natural.annotate({
        description: "Position in the slice of the user's last event in this answer; the counters have reached it"
      })
    }).annotate({ identifier: "Change" })
  ).annotate({ description: "Each user once, in no order" }),
  next_cursor: Schema.String.annotate({ description: "For `cursor`, to go on" })
}).annotate({ identifier: "Changes", description: "Users with changes after the cursor" })

export const changes = HttpApiEndpoint.get("changes", "/api/v1/changes", {
  query: {
    cursor: Schema.optionalKey(Schema.String),
    limit: numeral(1, 5000),
    wait: numeral(0, 60),
    consistency
  },
  success: document(ChangesSchema),
  error: [Problems.TooManyPolls, Problems.ProjectionBehind, ...busy]
}).annotateMerge(OpenApi.annotations({
  identifier: "getChanges",
  summary: "Whose counters may have changed",
  description:
    "Ask once without a cursor, then read whatever counters you need, then go on with each answer's `next_cursor` for ever: every change after it is told at " +
    "least once, whatever happens on the way, and is in the counters by then. An answer may be empty before all has been told; its cursor is still a step " +
    "forward. It tells of events. Numbers that change without any are not in it: by another version of a projection that is activated, by the rebuild of " +
    "a user, by a user who is fed again after having been parked, by another time zone of the tenant. Whoever makes such a change has the counters read anew.",
  transform: parameterDetails({
    query: {
      cursor: {
        description:
          "`next_cursor` of any answer before. Without it the answer is empty, comes at once, and its cursor is where things stand now."
      },
      limit: numeralDetails("Most users in an answer", 1, 5000, 500),
      wait: numeralDetails("Seconds to wait for a change if there is none. 0: one bounded look", 0, 60, 30)
    },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))
