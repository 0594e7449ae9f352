import { HttpApiError } from "effect/http-api"
import * as Schema from "effect/Schema"
import { IngestReport } from "../../ingest/IngestReport.ts"
import { ReadinessChecks } from "../../readiness/ReadinessChecks.ts"

/*
 * Every error there is, as RFC 9457 problem+json: its `type` is stable and what a program should
 * look at, its `title` always the same, its `detail` about this one request
 * (docs/design.md#the-bulk-endpoint).
 */

/** What is wrong with one part of a request. */
const RequestIssue = Schema.Struct({
  path: Schema.Array(Schema.Union([Schema.String, Schema.Int])).annotate({
    description: "Where in the request, say [\"query\", \"limit\"]"
  }),
  message: Schema.String
}).annotate({ identifier: "RequestIssue" })

export class InvalidRequest extends HttpApiError.Problem<InvalidRequest>()("InvalidRequest", {
  type: "invalid-request",
  status: 400,
  title: "A part of the request is not as documented"
}, { issues: Schema.Array(RequestIssue) }) {}

export class MalformedRequest extends HttpApiError.Problem<MalformedRequest>()("MalformedRequest", {
  type: "malformed-request",
  status: 400,
  title: "The request is not well-formed HTTP"
}) {}

export class MalformedJson extends HttpApiError.Problem<MalformedJson>()("MalformedJson", {
  type: "malformed-json",
  status: 400,
  title: "The body is not JSON in UTF-8"
}) {}

export class Unauthenticated extends HttpApiError.Problem<Unauthenticated>()("Unauthenticated", {
  type: "unauthenticated",
  status: 401,
  title: "There is no valid key in the request"
}) {}

export class Forbidden extends HttpApiError.Problem<Forbidden>()("Forbidden", {
  type: "forbidden",
  status: 403,
  title: "The key does not have the scope this needs"
}) {}

export class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", {
  type: "not-found",
  status: 404,
  title: "There is nothing at this path"
}) {}

export class UserNotFound extends HttpApiError.Problem<UserNotFound>()("UserNotFound", {
  type: "user-not-found",
  status: 404,
  title: "The user has no events"
}) {}

export class NothingKnown extends HttpApiError.Problem<NothingKnown>()("NothingKnown", {
  type: "nothing-known",
  status: 404,
  title: "Nothing is known of the user"
}) {}

export class UserNotOnLeaderboard extends HttpApiError.Problem<UserNotOnLeaderboard>()("UserNotOnLeaderboard", {
  type: "user-not-on-leaderboard",
  status: 404,
  title: "The user has no score on this leaderboard"
}) {}

export class CounterNotFound extends HttpApiError.Problem<CounterNotFound>()("CounterNotFound", {
  type: "counter-not-found",
  status: 404,
  title: "The user's counters have never had a value at the path"
}) {}

export class MethodNotAllowed extends HttpApiError.Problem<MethodNotAllowed>()("MethodNotAllowed", {
  type: "method-not-allowed",
  status: 405,
  title: "The path does not have this method"
}) {}

// 409 and not 503: no other time is better, and what sends a request again by itself does not do so
// after a 4xx.
export class ProjectionNotBuilt extends HttpApiError.Problem<ProjectionNotBuilt>()("ProjectionNotBuilt", {
  type: "projection-not-built",
  status: 409,
  title: "A projection was never rebuilt from the log: it has no numbers until an operator does so"
}, { projections: Schema.Array(Schema.String) }) {}

export class RequestTimeout extends HttpApiError.Problem<RequestTimeout>()("RequestTimeout", {
  type: "request-timeout",
  status: 408,
  title: "The request took too long to arrive"
}) {}

const limit = (what: string) => ({ limit: Schema.Int.annotate({ description: `The most ${what} that are taken` }) })

export class BodyTooLarge extends HttpApiError.Problem<BodyTooLarge>()("BodyTooLarge", {
  type: "body-too-large",
  status: 413,
  title: "The body has too many bytes"
}, limit("bytes")) {}

export class TooManyItems extends HttpApiError.Problem<TooManyItems>()("TooManyItems", {
  type: "too-many-items",
  status: 413,
  title: "The batch has too many items"
}, limit("items")) {}

export class TooManyValues extends HttpApiError.Problem<TooManyValues>()("TooManyValues", {
  type: "too-many-values",
  status: 413,
  title: "The body has too many JSON values"
}, limit("values, at any depth,")) {}

export class UnsupportedMediaType extends HttpApiError.Problem<UnsupportedMediaType>()("UnsupportedMediaType", {
  type: "unsupported-media-type",
  status: 415,
  title: "The body is not declared as plain JSON"
}) {}

export class ExpectationFailed extends HttpApiError.Problem<ExpectationFailed>()("ExpectationFailed", {
  type: "expectation-failed",
  status: 417,
  title: "The expectation cannot be met"
}) {}

export class NotABatch extends HttpApiError.Problem<NotABatch>()("NotABatch", {
  type: "not-a-batch",
  status: 422,
  title: "The body is neither {\"items\": [...]} nor an array"
}) {}

const allRejected = { type: "all-rejected", status: 422, title: "Every item was rejected" } as const
const strictRefusal = {
  type: "strict-refusal",
  status: 422,
  title: "Some items are invalid and strict handling was asked for: nothing was stored"
} as const

/** For the description; its answers are made by {@link allRejectedMembers}. */
export class AllRejected extends HttpApiError.Problem<AllRejected>()("AllRejected", allRejected, IngestReport.fields) {}

/** For the description; its answers are made by {@link strictRefusalMembers}. */
export class StrictRefusal extends HttpApiError.Problem<StrictRefusal>()("StrictRefusal", strictRefusal, IngestReport.fields) {}

// Reports may be long and need no encoding, so that they do not go through the classes, which would
// check every field of them.
export const allRejectedMembers = (report: IngestReport) => ({ ...allRejected, ...report })
export const strictRefusalMembers = (report: IngestReport) => ({ ...strictRefusal, ...report })

// 422 and not 409 or 413: the request is well-formed and its body small, but what it asks for is
// never given as one answer, however often it is sent.
export class TooManyRows extends HttpApiError.Problem<TooManyRows>()("TooManyRows", {
  type: "too-many-rows",
  status: 422,
  title: "The answer would have too many rows: ask for less at once, or read the SQL view"
}, {
  section: Schema.String.annotate({ description: "The section that has them" }),
  limit: Schema.Int.annotate({ description: "The most rows that are answered" })
}) {}

export class AnswerTooLarge extends HttpApiError.Problem<AnswerTooLarge>()("AnswerTooLarge", {
  type: "answer-too-large",
  status: 422,
  title: "The answer would have too many bytes: ask for less at once"
}, { limit: Schema.Int.annotate({ description: "The most bytes of an answer" }) }) {}

export class HistoryTooLarge extends HttpApiError.Problem<HistoryTooLarge>()("HistoryTooLarge", {
  type: "history-too-large",
  status: 422,
  title: "The user has too many payments, bets and currencies to fold again in memory"
}, { limit: Schema.Int.annotate({ description: "The most bytes that its rows may take in memory while its events are read" }) }) {}

export class TooManyReads extends HttpApiError.Problem<TooManyReads>()("TooManyReads", {
  type: "too-many-reads",
  status: 429,
  title: "The tenant has too many readings under way: send the request again later"
}) {}

export class TooManyPolls extends HttpApiError.Problem<TooManyPolls>()("TooManyPolls", {
  type: "too-many-polls",
  status: 429,
  title: "The tenant has too many requests waiting for changes"
}, { limit: Schema.Int.annotate({ description: "The most that may wait at once" }) }) {}

export class TooManyRequests extends HttpApiError.Problem<TooManyRequests>()("TooManyRequests", {
  type: "too-many-requests",
  status: 429,
  title: "There is more than is taken in a second: send the request again later"
}) {}

export class HeadersTooLarge extends HttpApiError.Problem<HeadersTooLarge>()("HeadersTooLarge", {
  type: "headers-too-large",
  status: 431,
  title: "The URL and the headers have too many bytes"
}) {}

export class InternalError extends HttpApiError.Problem<InternalError>()("InternalError", {
  type: "internal-error",
  status: 500,
  title: "The service failed: this is a bug in it"
}) {}

export class Overloaded extends HttpApiError.Problem<Overloaded>()("Overloaded", {
  type: "overloaded",
  status: 503,
  title: "There is too much in flight: send the request again later"
}) {}

export class Unavailable extends HttpApiError.Problem<Unavailable>()("Unavailable", {
  type: "unavailable",
  status: 503,
  title: "The database cannot be reached or used: send the request again later"
}) {}

export class ShuttingDown extends HttpApiError.Problem<ShuttingDown>()("ShuttingDown", {
  type: "shutting-down",
  status: 503,
  title: "The service is stopping: send the request again"
}) {}

export class ProjectionBehind extends HttpApiError.Problem<ProjectionBehind>()("ProjectionBehind", {
  type: "projection-behind",
  status: 503,
  title: "The projections did not reach the log in time"
}) {}

export class HistoryUnfinished extends HttpApiError.Problem<HistoryUnfinished>()("HistoryUnfinished", {
  type: "history-unfinished",
  status: 503,
  title: "The user's history is long and was not read to its end in time: send the request again, it goes on from there"
}, {
  read: Schema.Int.annotate({ description: "Position in the user's slice up to which it has been read" }),
  position: Schema.Int.annotate({ description: "Position up to which it is to be read" })
}) {}

export class ProjectionParked extends HttpApiError.Problem<ProjectionParked>()("ProjectionParked", {
  type: "projection-parked",
  status: 503,
  title: "A projection stopped at one of the user's events"
}, { user_id: Schema.String, projections: Schema.Array(Schema.String) }) {}

export class ProjectionFailing extends HttpApiError.Problem<ProjectionFailing>()("ProjectionFailing", {
  type: "projection-failing",
  status: 501,
  title: "The code of this process cannot make some of the counters: sending the request again is of no use until it is mended"
}, { projections: Schema.Array(Schema.String) }) {}

export class NotReady extends HttpApiError.Problem<NotReady>()("NotReady", {
  type: "not-ready",
  status: 503,
  title: "The process cannot do its work now"
}, { checks: ReadinessChecks }) {}
