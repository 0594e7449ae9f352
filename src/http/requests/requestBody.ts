import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import { HttpIncomingMessage, type HttpServerError, type HttpServerRequest } from "effect/http"
import type { IncomingMessage } from "node:http"
import { BodyTooLarge, MalformedJson, MalformedRequest, UnsupportedMediaType } from "../problems/requests.ts"

const json = /^application\/(?:[\w.!#$&^-]+\+)?json[ \t]*(?:;|$)/i
const charset = /;[ \t]*charset[ \t]*=[ \t]*"?([^";, \t]*)/i

/** Why the headers announce no body of plain JSON in UTF-8; undefined if they do. */
const mediaProblem = (headers: HttpServerRequest.HttpServerRequest["headers"]): string | undefined => {
  const encoding = headers["content-encoding"]
  if (encoding !== undefined && encoding.trim().toLowerCase() !== "identity") return "Send the body without a Content-Encoding."
  const coding = headers["transfer-encoding"]
  // Node decodes chunks, and leaves any other coding to its user.
  if (coding !== undefined && coding.trim().toLowerCase() !== "chunked") return "Send the body without a Transfer-Encoding but chunked."
  const type = headers["content-type"]
  if (type === "application/json") return undefined
  if (type === undefined || !json.test(type)) return "Send the body with Content-Type: application/json."
  const declared = charset.exec(type)?.[1]?.toLowerCase()
  return declared === undefined || declared === "utf-8" || declared === "utf8" ? undefined : "Send the body in UTF-8."
}

/**
 * The bytes of the body, as announced; undefined for a body in chunks.
 *
 * From the headers alone it fails with `UnsupportedMediaType` unless they announce plain JSON, and
 * with `BodyTooLarge` if they announce more than `limit` bytes.
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
 * The body, if it has come whole before the handler began: see `ConnectionTurns`.
 *
 * A body that its client asks to be asked for is read by {@link readBytes}, which does so.
 *
 * The request is of the length that it announced, which is within every limit.
 */
export const wholeBody = ({ headers, source }: HttpServerRequest.HttpServerRequest): Uint8Array | undefined => {
  const { complete, readableLength } = source as IncomingMessage
  if (headers["expect"] !== undefined || !complete || readableLength === 0 || String(readableLength) !== headers["content-length"]) {
    return undefined
  }
  // Without a number, a stream that flows, as on Deno, gives its first part alone.
  const bytes: unknown = (source as IncomingMessage).read(readableLength)
  return bytes instanceof Uint8Array ? bytes : undefined
}

/**
 * Reads the body. How long it may take to arrive is up to `nodeServer`.
 *
 * Fails with `BodyTooLarge` beyond `limit` bytes, and with `MalformedRequest` if it breaks off.
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
