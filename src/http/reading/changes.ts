import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { parameterDetails } from "../description/parameterDetails.ts"
import * as Problems from "../problems/problems.ts"
import { maxDocuments } from "./changedDocuments.ts"
import { counterSections, CountersSchema, Ref } from "./CountersSchema.ts"
import { busy, consistency, document, ifNoneMatch, includeDetails, numeral, numeralDetails, prefer } from "./parameters.ts"

const Slice = Schema.Natural.annotate({ description: "The part of the log that the user's events are in" })

const Change = Schema.Struct({
  user_id: Schema.String,
  ref: Ref,
  slice: Slice,
  position: Schema.Natural.annotate({ description: "Position in the slice that the user's counters have reached" }),
  document: Schema.optionalKey(Schema.NullOr(CountersSchema)).annotate({
    description:
      "With `include`: the user's counters, as new as the change or newer; null for a user who is being erased, which is told by itself"
  }),
  problem: Schema.optionalKey(Schema.Union([Problems.TooManyRows, Problems.AnswerTooLarge])).annotate({
    description: "With `include`: why there is no document"
  })
}).annotate({ identifier: "Change" })

/** Who changed as it is answered, for the API's description. Readers apply it in this order. */
const ChangesSchema = Schema.Struct({
  kept: Schema.NullOr(
    Schema.Struct({
      generation: Schema.Natural.annotate({ description: "Later generations are lost" }),
      slices: Schema.Array(Schema.Struct({ slice: Slice, position: Schema.Natural }).annotate({ identifier: "KeptSlice" })).annotate({
        description: "Every slice. Events after its position are lost"
      })
    }).annotate({ identifier: "Kept" })
  ).annotate({
    description:
      "Null but after PostgreSQL was restarted, replaced or restored. Read every user again of whom you have a document of a later position in its " +
      "slice or with a later generation, and forget those who are not found."
  }),
  erased: Schema.Array(Schema.Struct({ ref: Ref, slice: Slice }).annotate({ identifier: "ErasedUser" })).annotate({
    description:
      "Users who were erased, by the `ref` of their documents: forget them. Who is known again is among the changes of this answer or a later one."
  }),
  changes: Schema.Array(Change).annotate({ description: "Each user once, in no order" }),
  next_cursor: Schema.String.annotate({ description: "For `cursor`, to go on" })
}).annotate({ identifier: "Changes", description: "What has changed after the cursor. Apply `kept`, then `erased`, then `changes`." })

export const changes = HttpApiEndpoint.get("changes", "/api/v1/changes", {
  query: {
    cursor: Schema.optionalKey(Schema.String),
    from: Schema.optionalKey(Schema.Literals(["start", "now"])),
    include: Schema.optionalKey(Schema.String),
    limit: numeral(1, 5000),
    wait: numeral(0, 60),
    consistency
  },
  success: document(ChangesSchema),
  error: [Problems.TooManyPolls, Problems.ProjectionBehind, Problems.ProjectionFailing, Problems.ProjectionNotBuilt, ...busy]
}).annotateMerge(OpenApi.annotations({
  identifier: "getChanges",
  summary: "Whose counters may have changed",
  description:
    "Ask once with `from=start`, then go on with each answer's `next_cursor` for ever. Every user is told once, and then every change at least once, whatever " +
    "happens on the way; it is in the counters by then. Changes without events are told too: another version of a projection, the rebuild of a user, another " +
    "time zone, an erasure, a log that lost events. An answer may be empty before all has been told; its cursor is still a step forward. A change whose " +
    "position and generations a reader has already is told again now and then.",
  transform: parameterDetails({
    query: {
      cursor: { description: "`next_cursor` of any answer before." },
      from: {
        description:
          "Where to begin without a cursor. start: every user of the tenant is told once, in pages. now: the answer is empty, and its cursor is where things stand.",
        schema: { type: "string", enum: ["start", "now"], default: "now" }
      },
      include: {
        ...includeDetails(["all", ...counterSections]),
        description:
          `Answers each user's document with these sections; \`all\` for all that can be read now. Up to ${maxDocuments} users, and fewer if the ` +
          "documents have more than 8 MiB."
      },
      limit: numeralDetails("Most users in an answer", 1, 5000, 500),
      wait: numeralDetails("Seconds to wait for a change if there is none. 0: one bounded look. Without a cursor nobody waits", 0, 60, 30)
    },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))
