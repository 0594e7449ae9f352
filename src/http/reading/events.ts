import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { EventLog } from "../../event-log/EventLog.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { JsonText } from "../answers/JsonText.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { UserNotFound } from "../problems/notFound.ts"
import { readingProblems } from "../problems/readings.ts"
import { badQuery } from "../problems/requests.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { UserId } from "../requests/UserId.ts"
import { busy, document, ifNoneMatch, NextCursor } from "./document.ts"
import { inReadSlot } from "./inSlot.ts"
import { consistency, cursor, numeral, numeralDetails } from "./parameters.ts"
import { decodeCursor, encodeCursor } from "./PositionCursor.ts"
import { EventWithoutData, shownEventText, shownEventWith } from "./shownEvent.ts"

const EventsSchema = Schema.Struct({
  events: Schema.Array(Schema.Union([shownEventWith("Event", {}), EventWithoutData])),
  next_cursor: NextCursor
}).annotate({
  identifier: "Events",
  description:
    "Newest first. A page may have fewer events than its limit, and at least one, where there are more: as long as `next_cursor` is no null"
})

const pageSize = { minimum: 1, maximum: 500, default: 50 }

export const events = HttpApiEndpoint.get("events", "/api/v1/users/:user_id/events", {
  params: { user_id: UserId },
  query: {
    limit: numeral(pageSize),
    cursor,
    consistency: consistency.annotate({ description: "Either is strong here: events are read from the log itself" })
  },
  success: document(EventsSchema),
  error: [UserNotFound, ...busy]
}).annotateMerge(OpenApi.annotations({
  identifier: "getEvents",
  summary: "A user's events",
  description:
    "What is stored of a user, newest first, page by page: the events as they were taken in, amounts as exact decimals in text, with their places in the log. " +
    "A page ends after about 1 MiB, so it may be shorter than `limit` though `next_cursor` says that there is more. An event that a release before stored " +
    "with more than 8 MiB has `null` for `data`, and `bytes`.",
  transform: parameterDetails({
    query: { limit: numeralDetails("Events a page", pageSize) },
    headers: { "if-none-match": ifNoneMatch }
  })
}))

export const eventsHandler = Effect.fnUntraced(
  function*({ params: { user_id: userId }, query, request }: RequestOf<typeof events>) {
    const eventLog = yield* EventLog
    const tenant = yield* CurrentTenant
    const reading = ["events", userId]
    const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(tenant, reading, query.cursor)
    if (before === undefined) return yield* badQuery("cursor", "It is not a next_cursor of this user's events.")
    const limit = Number(query.limit ?? pageSize.default)
    const page = yield* eventLog.readUserPage({ tenantId: tenant.tenantId, userId, before, limit })
    const last = page.events.at(-1)
    if (last === undefined && query.cursor === undefined) return yield* new UserNotFound({})
    const next = page.isMore && last !== undefined ? encodeCursor(tenant, reading, last.position) : null
    const texts = page.events.map((event) => shownEventText(userId, event))
    return yield* conditionalJson(request, new JsonText(`{"events":[${texts.join(",")}],"next_cursor":${JSON.stringify(next)}}`))
  },
  inReadSlot,
  Effect.catchTags({ TooManyReads: readingProblems.TooManyReads, DatabaseUnavailable: readingProblems.DatabaseUnavailable })
)
