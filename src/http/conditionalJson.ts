import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash } from "node:crypto"
import { JsonText } from "./JsonText.ts"

const entityTags = /(?:W\/)?("[^"]*")/g

const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  (ifNoneMatch.trim() === "*" || ifNoneMatch.matchAll(entityTags).some(([, tag]) => tag === etag))

/** A JSON document with a strong ETag of its bytes; 304 without it if the request's `If-None-Match` names that tag (RFC 9110 §13.1.2). */
export const conditionalJson = (
  request: HttpServerRequest.HttpServerRequest,
  document: unknown,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse => {
  const body = document instanceof JsonText ? document.text : JSON.stringify(document)
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`
  const all = { ...headers, etag, "cache-control": "private, no-cache" }
  return isKnown(request.headers["if-none-match"], etag)
    ? HttpServerResponse.empty({ status: 304, headers: all })
    : HttpServerResponse.text(body, { contentType: "application/json", headers: all })
}
