import * as Effect from "effect/Effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash } from "node:crypto"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { AnswerTooLarge } from "../problems/readings.ts"
import { AnswerBudget } from "./AnswerBudget.ts"
import { encodeJson, maxAnswerBytes } from "./encodeJson.ts"

const entityTags = /(?:W\/)?("[^"]*")/g

/** Whether a request's `If-None-Match` names the tag. */
export const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  (ifNoneMatch.trim() === "*" || ifNoneMatch.matchAll(entityTags).some(([, tag]) => tag === etag))

/**
 * Answers a JSON document with a strong ETag of its bytes, or 304 if the request's `If-None-Match`
 * names that tag (RFC 9110 §13.1.2).
 *
 * Its bytes count in the {@link AnswerBudget} until they are sent. Fails with `AnswerTooLarge` for
 * a document of more than {@link maxAnswerBytes}, and with `Overloaded` if the budget has no room.
 */
export const conditionalJson = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest, document: unknown) {
  const hash = createHash("sha256")
  const body = yield* bounded(document, (bytes) => hash.update(bytes))
  const etag = `"${hash.digest("base64url").slice(0, 27)}"`
  const headers = { etag, "cache-control": "private, no-cache" }
  return isKnown(request.headers["if-none-match"], etag)
    ? HttpServerResponse.empty({ status: 304, headers })
    : yield* held(request, body, headers)
})

/** The same without an ETag. */
export const unconditionalJson = (request: HttpServerRequest.HttpServerRequest, document: unknown) =>
  Effect.flatMap(bounded(document), (body) => held(request, body))

const bounded = (document: unknown, see?: (bytes: Uint8Array) => void) =>
  Effect.catchTag(encodeJson(document, see), "DocumentTooLarge", () => Effect.fail(new AnswerTooLarge({ limit: maxAnswerBytes })))

const held = Effect.fnUntraced(function*(
  request: HttpServerRequest.HttpServerRequest,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {}
) {
  const budget = yield* AnswerBudget
  yield* budget.hold(request, yield* CurrentTenant, body.byteLength)
  return HttpServerResponse.uint8Array(body, { contentType: "application/json", headers })
})
