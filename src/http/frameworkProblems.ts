import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import type { IncomingMessage } from "node:http"
import { allowedMethods } from "./allowedMethods.ts"
import { InternalError, InvalidRequest, MalformedRequest, MethodNotAllowed, NotFound, ShuttingDown } from "./problems.ts"
import { requestPath } from "./requestPath.ts"
import { countRequest } from "./serviceMetrics.ts"

/**
 * Stands around all routes, and answers with a problem what would leave them without one: no such path, another method, a path that cannot be
 * decoded, a stopping service, a defect. A defect is logged, once; the client is told nothing of it. Counts what is answered.
 */
export const frameworkProblems = HttpRouter.middleware(
  (routes) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const answered = isWithoutHost(request)
        ? respond(new MalformedRequest({ detail: "The header Host is missing." }))
        : Effect.catchCause(withDecodablePath(request, routes), (cause) => answerTo(request, cause))
      return Effect.flatMap(answered, (response) => Effect.as(countRequest(response.status), withStatusHeaders(response)))
    }),
  { global: true }
)

/** The headers that every answer of a status has to have. */
const withStatusHeaders = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  switch (response.status) {
    case 401:
      return HttpServerResponse.setHeader(response, "www-authenticate", "Bearer realm=\"playtally\"")
    case 429:
    case 503:
      return HttpServerResponse.setHeader(response, "retry-after", "1")
    default:
      return response
  }
}

const respond = HttpServerRespondable.toResponse

/** RFC 9112 §3.2; Node would answer it by itself, with an empty 400. */
const isWithoutHost = ({ headers, source }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["host"] === undefined && (source as IncomingMessage).httpVersion === "1.1"

/** The router takes a `;` in the path for the beginning of the query; in a user's id it is a character like others. */
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
