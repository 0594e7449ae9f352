import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import { HttpIncomingMessage, type HttpServerError, type HttpServerRequest } from "effect/http"
import { BodyTooLarge, MalformedJson, MalformedRequest, UnsupportedMediaType } from "../problems/requests.ts"

const json = /^application\/(?:[\w.!#$&^-]+\+)?json[ \t]*(?:;|$)/i
const charset = /;[ \t]*charset[ \t]*=[ \t]*"?([^";, \t]*)/i

/** What keeps the headers from announcing a body of plain JSON in UTF-8, if anything does. */
const mediaProblem = (headers: HttpServerRequest.HttpServerRequest["headers"]): string | undefined => {
  const encoding = headers["content-encoding"]
  if (encoding !== undefined && encoding.trim().toLowerCase() !== "identity") return "Send the body without a Content-Encoding."
  const coding = headers["transfer-encoding"]
  // Node removes the chunks and leaves any other coding to us.
  if (coding !== undefined && coding.trim().toLowerCase() !== "chunked") return "Send the body without a Transfer-Encoding but chunked."
  const type = headers["content-type"]
  if (type === "application/json") return undefined
  if (type === undefined || !json.test(type)) return "Send the body with Content-Type: application/json."
  const declared = charset.exec(type)?.[1]?.toLowerCase()
  return declared === undefined || declared === "utf-8" || declared === "utf8" ? undefined : "Send the body in UTF-8."
}

/**
 * Refuses, from the headers alone, a body that is not announced as plain JSON (415) or as one of
 * more than `limit` bytes (413). Gives the number of bytes announced; none if the body is sent in
 * chunks.
 */
export const announcedBody = (
  { headers }: HttpServerRequest.HttpServerRequest,
  limit: number
): Effect.Effect<number | undefined, UnsupportedMediaType | BodyTooLarge> => {
  const problem = mediaProblem(headers)
  if (problem !== undefined) return Effect.fail(new UnsupportedMediaType({ detail: problem }))
  const length = headers["content-length"]
  if (length === undefined) return Effect.succeed(headers["transfer-encoding"] === undefined ? 0 : undefined)
  return Number(length) > limit ? Effect.fail(new BodyTooLarge({ limit })) : Effect.succeed(Number(length))
}

/**
 * Reads the body, at most `limit` bytes of it (413). How long it may take to come is up to the
 * server: see `nodeServer`.
 */
export const readBytes = (
  request: HttpServerRequest.HttpServerRequest,
  limit: number
): Effect.Effect<ArrayBuffer, BodyTooLarge | MalformedRequest> =>
  request.arrayBuffer.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(limit)),
    Effect.mapError((error) =>
      isTooLarge(error) ? new BodyTooLarge({ limit }) : new MalformedRequest({ detail: "The body ended before it was complete." })
    )
  )

const isTooLarge = ({ reason }: HttpServerError.HttpServerError): boolean =>
  reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The text of a body, without the byte order mark it may begin with. */
export const decodeUtf8 = (bytes: ArrayBuffer): Effect.Effect<string, MalformedJson> =>
  Effect.try({ try: () => utf8.decode(bytes), catch: () => new MalformedJson({ detail: "The body is not UTF-8." }) })
