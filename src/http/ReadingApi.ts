import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Id } from "../fasttrack/Text.ts"
import { Instant } from "../fasttrack/Timestamp.ts"
import { catalog } from "../projections/catalog.ts"
import { Authentication, RequiredScope } from "./Authentication.ts"
import { CountersSchema } from "./CountersSchema.ts"
import { EventsSchema } from "./EventsSchema.ts"
import { ExplanationSchema } from "./ExplanationSchema.ts"
import { parameterDetails } from "./parameterDetails.ts"
import * as Problems from "./problems.ts"
import { Validation } from "./Validation.ts"

const UserId = Id.annotate({ description: "1 to 256 characters" })

const sections = catalog.map(({ name }) => name)

const consistency = Schema.optionalKey(Schema.Literals(["eventual", "strong"])).annotate({
  description: "strong: everything in the log when the request came is in the answer, else 503"
})

/** The users asked for at once. A user named twice is answered once. */
export const UserIds = Schema.Struct({
  user_ids: Schema.Array(UserId).check(Schema.isMinLength(1), Schema.isMaxLength(500))
}).annotate({ identifier: "UserIds", examples: [{ user_ids: ["player-17", "player-18"] }] })

const document = <S extends Schema.Top>(schema: S) =>
  [
    HttpApiSchema.WithHeaders(schema, { etag: Schema.String }),
    HttpApiSchema.Empty(304).annotate({ description: "As it was when it had the ETag in If-None-Match" })
  ] as const

const prefer = "`wait=SECONDS` (0 to 60, else 5): how long a strong reading may wait (RFC 7240)."
const ifNoneMatch = "An ETag of before: `304` if the document is still the same."

const notReady = [
  Problems.ProjectionBehind,
  Problems.ProjectionParked,
  Problems.Unavailable
] as const

const counters = HttpApiEndpoint.get("counters", "/api/v1/users/:user_id/counters", {
  params: { user_id: UserId },
  query: {
    include: Schema.optionalKey(Schema.String),
    as_of: Schema.optionalKey(Instant),
    consistency
  },
  success: document(CountersSchema),
  error: [Problems.UserNotFound, ...notReady]
}).annotateMerge(OpenApi.annotations({
  summary: "A user's counters",
  transform: parameterDetails({
    query: {
      include: {
        description: "Only these sections",
        schema: { type: "array", items: { type: "string", enum: sections } },
        style: "form",
        explode: false,
        example: sections.slice(0, 2)
      },
      as_of: {
        description:
          "The counters of what the log held then: of events with a recorded_at up to this time, which is also what counts as now. " +
          "Read from the log itself, so that either consistency is strong. It must not lie in the future; `+` is written `%2B`."
      }
    },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))

const countersOfUsers = HttpApiEndpoint.post("countersOfUsers", "/api/v1/users/counters", {
  query: { consistency },
  payload: UserIds,
  success: Schema.Struct({ users: Schema.Array(CountersSchema) }).annotate({
    identifier: "CountersOfUsers",
    description: "In the order asked, all of one moment; users without events are left out"
  }),
  error: [
    Problems.MalformedJson,
    Problems.MalformedRequest,
    Problems.RequestTimeout,
    Problems.BodyTooLarge,
    Problems.UnsupportedMediaType,
    ...notReady
  ]
}).annotateMerge(OpenApi.annotations({
  summary: "The counters of up to 500 users",
  transform: parameterDetails({ headers: { prefer } })
}))

const limit = Schema.optionalKey(
  Schema.String.check(Schema.isPattern(/^(?:[1-9]\d?|[1-4]\d\d|500)$/, { message: "must be a number from 1 to 500" }))
)
const cursor = Schema.optionalKey(Schema.String).annotate({ description: "`next_cursor` of the page before" })
const limitDetails = (description: string) => ({ description, schema: { type: "integer", minimum: 1, maximum: 500, default: 50 } })
const readsTheLog = consistency.annotate({ description: "Either is strong here: events are read from the log itself" })

const events = HttpApiEndpoint.get("events", "/api/v1/users/:user_id/events", {
  params: { user_id: UserId },
  query: {
    limit,
    cursor,
    consistency: readsTheLog
  },
  success: document(EventsSchema),
  error: [Problems.UserNotFound, Problems.Unavailable]
}).annotateMerge(OpenApi.annotations({
  summary: "A user's events",
  transform: parameterDetails({
    query: { limit: limitDetails("Events a page") },
    headers: { "if-none-match": ifNoneMatch }
  })
}))

const explain = HttpApiEndpoint.get("explain", "/api/v1/users/:user_id/counters/explain", {
  params: { user_id: UserId },
  query: {
    path: Schema.String,
    limit,
    cursor,
    consistency: readsTheLog
  },
  success: document(ExplanationSchema),
  error: [Problems.UserNotFound, Problems.CounterNotFound, Problems.ProjectionParked, Problems.Unavailable]
}).annotateMerge(OpenApi.annotations({
  summary: "Why a counter is what it is",
  description:
    "The events that changed a value of the user's counters, by how much, and to what. Whatever depends on the present, as a current streak " +
    "does, is taken as of now throughout. The user's events are folded again for every page.",
  transform: parameterDetails({
    query: {
      path: {
        description:
          "The names that lead to the value in the counters document, joined by dots. Within a name `~` is written `~0` and `.` is " +
          "written `~1`: the bets in a currency \"A.B\" are `casino.A~1B.bet_amount`.",
        example: "casino.EUR.bet_amount"
      },
      limit: limitDetails("Contributions a page")
    },
    headers: { "if-none-match": ifNoneMatch }
  })
}))

/** What the engine uses (design §3). */
export class ReadingApi extends HttpApiGroup.make("reading")
  .add(counters, countersOfUsers, events, explain)
  .middleware(Validation)
  .middleware(Authentication)
  .annotate(RequiredScope, "read")
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotateMerge(OpenApi.annotations({ title: "Reading", description: "For the engine. The key needs the scope `read`." }))
{}
