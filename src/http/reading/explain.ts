import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Explanation } from "../../counters/history/Explanation.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { CounterNotFound, UserNotFound } from "../problems/notFound.ts"
import {
  historyProblems,
  HistoryTooLarge,
  HistoryUnfinished,
  ProjectionFailing,
  ProjectionParked,
  readingProblems
} from "../problems/readings.ts"
import { badQuery } from "../problems/requests.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { UserId } from "../requests/UserId.ts"
import { busy, document, ifNoneMatch, NextCursor } from "./document.ts"
import { inHistorySlot } from "./inSlot.ts"
import { consistency, cursor, numeral, numeralDetails } from "./parameters.ts"
import { decodeCursor, encodeCursor } from "./PositionCursor.ts"
import { shownEvent, shownEventWith } from "./shownEvent.ts"

const Value = Schema.NullOr(Schema.Union([Schema.Finite, Schema.String, Schema.Boolean]))

const ExplanationSchema = Schema.Struct({
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

const pageSize = { minimum: 1, maximum: 500, default: 50 }

export const explain = HttpApiEndpoint.get("explain", "/api/v1/users/:user_id/counters/explain", {
  params: { user_id: UserId },
  query: {
    path: Schema.String,
    limit: numeral(pageSize),
    cursor,
    consistency: consistency.annotate({ description: "Either is strong here: events are read from the log itself" })
  },
  success: document(ExplanationSchema),
  error: [
    UserNotFound,
    CounterNotFound,
    HistoryTooLarge,
    HistoryUnfinished,
    ProjectionParked,
    ProjectionFailing,
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
      limit: numeralDetails("Contributions a page", pageSize)
    },
    headers: { "if-none-match": ifNoneMatch }
  })
}))

export const explainHandler = Effect.fnUntraced(
  function*({ params: { user_id }, query, request }: RequestOf<typeof explain>) {
    const explanation = yield* Explanation
    const tenant = yield* CurrentTenant
    const reading = ["explain", user_id, query.path]
    const after = query.cursor === undefined ? 0 : decodeCursor(tenant, reading, query.cursor)
    if (after === undefined) return yield* badQuery("cursor", "It is not a next_cursor of this path of this user.")
    const limit = Number(query.limit ?? pageSize.default)
    const explained = yield* explanation.explain(tenant, user_id, { path: query.path, after, limit })
    if (explained === undefined) return yield* new UserNotFound({})
    const last = explained.contributions.at(-1)
    return yield* conditionalJson(request, {
      path: explained.path,
      value: explained.value,
      position: explained.position,
      contributions: explained.contributions.map(({ contribution, logged, value }) => ({ ...shownEvent(logged), contribution, value })),
      next_cursor: explained.isMore && last !== undefined ? encodeCursor(tenant, reading, last.logged.position) : null
    })
  },
  inHistorySlot,
  Effect.catchTags({
    TooManyReads: readingProblems.TooManyReads,
    HistoryTooLarge: historyProblems.HistoryTooLarge,
    HistoryUnfinished: historyProblems.HistoryUnfinished,
    NoSuchCounter: ({ message }) => Effect.fail(badQuery("path", message)),
    CounterNotFound: ({ path }) => Effect.fail(new CounterNotFound({ detail: `There is nothing at ${path}.` })),
    ProjectionFailing: readingProblems.ProjectionFailing,
    ProjectionParked: readingProblems.ProjectionParked,
    DatabaseUnavailable: readingProblems.DatabaseUnavailable
  })
)
