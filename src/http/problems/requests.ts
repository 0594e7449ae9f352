import { HttpApiError } from "effect/http-api"
import * as Schema from "effect/Schema"

/*
 * Problems of the request itself: the client sends a different request, the same one fails again.
 *
 * Every error of the API is an RFC 9457 problem+json (docs/design.md#the-bulk-endpoint). A program
 * looks at `type`, which is stable. `title` belongs to the type; `detail` is about one request.
 */

/** What is wrong with one part of a request. */
const RequestIssue = Schema.Struct({
  path: Schema.Array(Schema.Union([Schema.String, Schema.Int])).annotate({
    description: "Where in the request, say [\"query\", \"limit\"]"
  }),
  message: Schema.String
}).annotate({ identifier: "RequestIssue" })

/**
 * A parameter, or a member of a small body, breaks the endpoint's declaration.
 *
 * Met on any endpoint but the bulk endpoint, whose items have issues of their own. `issues` names
 * up to five parts and what is wrong with each: correct these.
 */
export class InvalidRequest extends HttpApiError.Problem<InvalidRequest>()("InvalidRequest", {
  type: "invalid-request",
  status: 400,
  title: "A part of the request is not as documented"
}, { issues: Schema.Array(RequestIssue) }) {}

/** The problem of a query parameter that its schema accepts and the endpoint does not. */
export const badQuery = (name: string, message: string): InvalidRequest =>
  new InvalidRequest({ issues: [{ path: ["query", name], message }] })

/**
 * The bytes are not an HTTP request: bad syntax, no `Host`, two of them, or a body that breaks off.
 *
 * Met with a broken client or proxy. The connection is closed after it, unless the request could be
 * read to its end.
 */
export class MalformedRequest extends HttpApiError.Problem<MalformedRequest>()("MalformedRequest", {
  type: "malformed-request",
  status: 400,
  title: "The request is not well-formed HTTP"
}) {}

/**
 * The body is not JSON, or not UTF-8. `detail` says where it stops being so.
 *
 * Nothing of the body is stored. Correct the encoder: no part of the batch is lost.
 */
export class MalformedJson extends HttpApiError.Problem<MalformedJson>()("MalformedJson", {
  type: "malformed-json",
  status: 400,
  title: "The body is not JSON in UTF-8"
}) {}

/**
 * The request, body included, did not arrive within 30 seconds of its first byte.
 *
 * Met on a slow or broken line. Nothing is stored: send it again.
 */
export class RequestTimeout extends HttpApiError.Problem<RequestTimeout>()("RequestTimeout", {
  type: "request-timeout",
  status: 408,
  title: "The request took too long to arrive"
}) {}

/** The member `limit` of a problem about a size. */
export const limit = (what: string) => ({ limit: Schema.Int.annotate({ description: `The most ${what} that are taken` }) })

/**
 * The body has more than `limit` bytes, as announced or as counted. For a batch this is
 * `MAX_BODY_BYTES`.
 *
 * Nothing is stored. Send smaller batches, or name fewer users.
 */
export class BodyTooLarge extends HttpApiError.Problem<BodyTooLarge>()("BodyTooLarge", {
  type: "body-too-large",
  status: 413,
  title: "The body has too many bytes"
}, limit("bytes")) {}

/**
 * The headers announce no plain JSON in UTF-8: another `Content-Type` or charset, or a compressed
 * body. `detail` says which header to change.
 */
export class UnsupportedMediaType extends HttpApiError.Problem<UnsupportedMediaType>()("UnsupportedMediaType", {
  type: "unsupported-media-type",
  status: 415,
  title: "The body is not declared as plain JSON"
}) {}

/** The request has an `Expect` other than `100-continue`. Leave the header out. */
export class ExpectationFailed extends HttpApiError.Problem<ExpectationFailed>()("ExpectationFailed", {
  type: "expectation-failed",
  status: 417,
  title: "The expectation cannot be met"
}) {}

/** URL and headers have more than 16 KiB together. Send fewer or shorter ones. */
export class HeadersTooLarge extends HttpApiError.Problem<HeadersTooLarge>()("HeadersTooLarge", {
  type: "headers-too-large",
  status: 431,
  title: "The URL and the headers have too many bytes"
}) {}
