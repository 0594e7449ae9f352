import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Id } from "../fasttrack/Text.ts"
import { catalog } from "../projections/catalog.ts"
import { Authentication, RequiredScope } from "./Authentication.ts"
import { CountersSchema } from "./CountersSchema.ts"
import { EventsSchema } from "./EventsSchema.ts"
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

const events = HttpApiEndpoint.get("events", "/api/v1/users/:user_id/events", {
  params: { user_id: UserId },
  query: {
    limit: Schema.optionalKey(
      Schema.String.check(Schema.isPattern(/^(?:[1-9]\d?|[1-4]\d\d|500)$/, { message: "must be a number from 1 to 500" }))
    ),
    cursor: Schema.optionalKey(Schema.String).annotate({ description: "`next_cursor` of the page before" }),
    consistency: consistency.annotate({ description: "Either is strong here: events are read from the log itself" })
  },
  success: document(EventsSchema),
  error: [Problems.UserNotFound, Problems.Unavailable]
}).annotateMerge(OpenApi.annotations({
  summary: "A user's events",
  transform: parameterDetails({
    query: { limit: { description: "Events a page", schema: { type: "integer", minimum: 1, maximum: 500, default: 50 } } },
    headers: { "if-none-match": ifNoneMatch }
  })
}))

/** What the engine uses (design §3). */
export class ReadingApi extends HttpApiGroup.make("reading")
  .add(counters, countersOfUsers, events)
  .middleware(Validation)
  .middleware(Authentication)
  .annotate(RequiredScope, "read")
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotateMerge(OpenApi.annotations({ title: "Reading", description: "For the engine. The key needs the scope `read`." }))
{}
