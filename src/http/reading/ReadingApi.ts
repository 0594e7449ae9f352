import { HttpApi, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Instant } from "../../fasttrack/Timestamp.ts"
import { Authentication, RequiredScope } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import * as Problems from "../problems/problems.ts"
import { Validation } from "../requests/Validation.ts"
import { activity } from "./activity.ts"
import { changes } from "./changes.ts"
import { counterSections, CountersSchema } from "./CountersSchema.ts"
import { EventsSchema } from "./EventsSchema.ts"
import { ExplanationSchema } from "./ExplanationSchema.ts"
import { games } from "./games.ts"
import { leaderboard, leaderboardPlace } from "./leaderboard.ts"
import {
  busy,
  consistency,
  document,
  ifNoneMatch,
  includeDetails,
  notReady,
  numeral,
  numeralDetails,
  prefer,
  UserId
} from "./parameters.ts"
import { users } from "./users.ts"

/** The users asked for at once. A user named twice is answered once. */
export const UserIds = Schema.Struct({
  user_ids: Schema.Array(UserId).check(Schema.isMinLength(1), Schema.isMaxLength(500))
}).annotate({ identifier: "UserIds", examples: [{ user_ids: ["player-17", "player-18"] }] })

const counters = HttpApiEndpoint.get("counters", "/api/v1/users/:user_id/counters", {
  params: { user_id: UserId },
  query: {
    include: Schema.optionalKey(Schema.String),
    as_of: Schema.optionalKey(Instant),
    consistency
  },
  success: document(CountersSchema),
  error: [Problems.UserNotFound, Problems.TooManyRows, Problems.HistoryTooLarge, Problems.HistoryUnfinished, ...notReady]
}).annotateMerge(OpenApi.annotations({
  identifier: "getCounters",
  summary: "A user's counters",
  description:
    "Every number is a function of the user's stored events: in whatever order, batches and repetitions they came, the counters are the same. Amounts are " +
    "exact decimals in text, per currency. Without `consistency=strong` they may lack the events of the last moments. A section of more than 1,000 rows, say " +
    "of currencies, is refused with 422: name others in `include`, or read the SQL view.",
  transform: parameterDetails({
    query: {
      include: includeDetails(counterSections),
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
  query: { include: Schema.optionalKey(Schema.String), consistency },
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
    Problems.TooManyRows,
    ...notReady
  ]
}).annotateMerge(OpenApi.annotations({
  identifier: "getCountersOfUsers",
  summary: "The counters of up to 500 users",
  description: "The documents as each user's counters are answered on their own. A user named twice is answered once.",
  transform: parameterDetails({ query: { include: includeDetails(counterSections) }, headers: { prefer } })
}))

const limit = numeral(1, 500)
const cursor = Schema.optionalKey(Schema.String).annotate({ description: "`next_cursor` of the page before" })
const limitDetails = (description: string) => numeralDetails(description, 1, 500, 50)
const readsTheLog = consistency.annotate({ description: "Either is strong here: events are read from the log itself" })

const events = HttpApiEndpoint.get("events", "/api/v1/users/:user_id/events", {
  params: { user_id: UserId },
  query: {
    limit,
    cursor,
    consistency: readsTheLog
  },
  success: document(EventsSchema),
  error: [Problems.UserNotFound, ...busy]
}).annotateMerge(OpenApi.annotations({
  identifier: "getEvents",
  summary: "A user's events",
  description:
    "What is stored of a user, newest first, page by page: the events as they were taken in, amounts as exact decimals in text, with their places in the log. " +
    "A page ends after about 1 MiB, so it may be shorter than `limit` though `next_cursor` says that there is more. An event that a release before stored " +
    "with more than 8 MiB has `null` for `data`, and `bytes`.",
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
  error: [
    Problems.UserNotFound,
    Problems.CounterNotFound,
    Problems.HistoryTooLarge,
    Problems.HistoryUnfinished,
    Problems.ProjectionParked,
    Problems.ProjectionFailing,
    ...busy
  ]
}).annotateMerge(OpenApi.annotations({
  identifier: "explainCounter",
  summary: "Why a counter is what it is",
  description:
    "The events that changed a value of the user's counters, by how much, and to what. Whatever depends on the present, as a current streak " +
    "does, is taken as of now throughout. The user's events are folded again. A long history may take several requests: 503 `history-unfinished` says how " +
    "far it has come, and the same request goes on from there.",
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

/** What the engine uses (docs/design.md#reading). */
export class ReadingApi extends HttpApiGroup.make("reading")
  .add(counters, countersOfUsers, games, activity, leaderboard, leaderboardPlace, events, explain, users, changes)
  .middleware(Validation)
  .middleware(Authentication)
  .annotate(RequiredScope, "read")
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotateMerge(OpenApi.annotations({ title: "Reading", description: "For the engine. The key needs the scope `read`." }))
{}
