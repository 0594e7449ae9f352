import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import type { IncomingMessage } from "node:http"
import { allowedMethods } from "../allowedMethods.ts"
import { InternalError, InvalidRequest, MalformedRequest, MethodNotAllowed, NotFound, ShuttingDown } from "../problems/problems.ts"
import { measureRequest } from "./requestMetrics.ts"
import { requestPath } from "./requestPath.ts"

/**
 * Stands around all routes, and answers with a problem what would leave them without one: no such
 * path, another method, a path that cannot be decoded, a stopping service, a defect. A defect is
 * logged, once; the client is told nothing of it. Measures what is answered.
 */
export const frameworkProblems = HttpRouter.middleware(
  (routes) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const began = performance.now()
      const hosts = countHosts(request)
      const answered = hosts > 1 || (hosts === 0 && (request.source as IncomingMessage).httpVersion === "1.1")
        ? respond(new MalformedRequest({ detail: hosts === 0 ? "The header Host is missing." : "There is more than one header Host." }))
        : Effect.catchCause(withDecodablePath(request, routes), (cause) => answerTo(request, cause))
      return Effect.flatMap(
        answered,
        (response) => Effect.as(measureRequest(request.source, { status: response.status, began }), withStatusHeaders(response))
      )
    }),
  { global: true }
)

/** The headers that every answer has, and every one of a status. */
const withStatusHeaders = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  switch (response.status) {
    case 401:
      return HttpServerResponse.setHeaders(response, { ...onAll, "www-authenticate": "Bearer realm=\"playtally\"" })
    case 429:
    case 503:
      return HttpServerResponse.setHeaders(response, { ...onAll, "retry-after": "1" })
    default:
      return HttpServerResponse.setHeaders(response, onAll)
  }
}

/** No browser is to take an answer for something else than it says it is. */
const onAll = { "x-content-type-options": "nosniff" }

const respond = HttpServerRespondable.toResponse

/**
 * A request has to have one (RFC 9112 §3.2). Node answers by itself where there is none, with an
 * empty 400, and takes the first of several.
 */
const countHosts = ({ source }: HttpServerRequest.HttpServerRequest): number => {
  const { rawHeaders } = source as IncomingMessage
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === "host") hosts++
  }
  return hosts
}

/**
 * The router takes a `;` in the path for the beginning of the query; in a user's id it is a
 * character like others.
 */
const withDecodablePath = <E, R>(
  request: HttpServerRequest.HttpServerRequest,
  routes: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
) => {
  const path = requestPath(request)
  return path.includes(";")
    ? Effect.provideService(
      routes,
      HttpServerRequest.HttpServerRequest,
      request.modify({ url: path.replaceAll(";", "%3B") + request.url.slice(path.length) })
    )
    : routes
}

const answerTo = <E>(
  request: HttpServerRequest.HttpServerRequest,
  cause: Cause.Cause<E>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E> => {
  if (Cause.hasInterruptsOnly(cause)) {
    const isClientGone = cause.reasons.some(({ annotations }) => annotations.has(HttpServerError.ClientAbort.key))
    return isClientGone ? Effect.failCause(cause) : respond(new ShuttingDown({}))
  }
  const error = Cause.squash(cause)
  if (HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound") return noRoute(request)
  return Effect.andThen(
    Effect.annotateLogs(Effect.logError("Request failed", cause), { "http.method": request.method, "http.path": requestPath(request) }),
    respond(new InternalError({}))
  )
}

const noRoute = (request: HttpServerRequest.HttpServerRequest) => {
  const path = requestPath(request)
  if (!isDecodable(path)) {
    return respond(new InvalidRequest({ issues: [{ path: ["path"], message: "It is not percent-encoded UTF-8." }] }))
  }
  const allow = allowedMethods(path)
  if (allow === undefined) return respond(new NotFound({}))
  return request.method === "OPTIONS"
    ? Effect.succeed(HttpServerResponse.empty({ headers: { allow } }))
    : Effect.map(respond(new MethodNotAllowed({ detail: `It has ${allow}.` })), HttpServerResponse.setHeader("allow", allow))
}

const isDecodable = (path: string): boolean => {
  try {
    return decodeURIComponent(path).length > 0
  } catch {
    return false
  }
}
