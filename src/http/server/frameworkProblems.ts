import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import type { IncomingMessage } from "node:http"
import { pathOf } from "../../values/pathOf.ts"
import { MethodNotAllowed, NotFound } from "../problems/notFound.ts"
import { InvalidRequest, MalformedRequest } from "../problems/requests.ts"
import { InternalError, ShuttingDown } from "../problems/service.ts"
import { measureAnswer, routeOf } from "./requestMetrics.ts"

/** The methods of a path as `Allow` names them; undefined for a path that is not served. */
export type AllowedMethods = (path: string) => string | undefined

/**
 * The answer to a request without the router; undefined for a request that the router is to take.
 *
 * For an endpoint that takes many requests and needs nothing of the router.
 */
export type Shortcut = (
  request: HttpServerRequest.HttpServerRequest
) => Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> | undefined

/**
 * Stands around all routes, answers with a problem where they would not, and measures every answer.
 *
 * The cases are an unknown path, another method, a path that cannot be decoded, a stopping service
 * and a defect. A defect is logged once, and the client learns nothing about it.
 */
export const frameworkProblems = (allowedMethods: AllowedMethods, shortcut: Shortcut) =>
  HttpRouter.middleware(
    (routes) =>
      Effect.withFiber(({ context }) => {
        const request = Context.getUnsafe(context, HttpServerRequest.HttpServerRequest)
        const source = request.source as IncomingMessage
        const began = performance.now()
        const hosts = countHosts(source)
        const answered = hosts > 1 || (hosts === 0 && source.httpVersion === "1.1")
          ? respond(new MalformedRequest({ detail: hosts === 0 ? "The header Host is missing." : "There is more than one header Host." }))
          : Effect.catchCause(
            shortcut(request) ?? withDecodablePath(request, routes),
            (cause) => isNoRoute(cause) ? noRoute(request, allowedMethods) : answerTo(request, cause)
          )
        return Effect.map(answered, (response) => {
          measureAnswer({ route: routeOf(source), status: response.status, began }, context)
          return withStatusHeaders(response)
        })
      }),
    { global: true }
  )

const isNoRoute = (cause: Cause.Cause<unknown>): boolean => {
  if (Cause.hasInterruptsOnly(cause)) return false
  const error = Cause.squash(cause)
  return HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
}

/** Adds the headers of every answer, and those of its status. */
export const withStatusHeaders = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
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

/** Keeps a browser from taking an answer for another type than it declares. */
const onAll = { "x-content-type-options": "nosniff" }

const respond = HttpServerRespondable.toResponse

/**
 * How many headers `Host` a request has. RFC 9112 §3.2 asks for one.
 *
 * Node would answer a request without one by an empty 400, and would take the first of several.
 */
export const countHosts = ({ rawHeaders }: IncomingMessage): number => {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === "host") hosts++
  }
  return hosts
}

/**
 * Runs the routes on a path whose `;` are escaped.
 *
 * The router takes a `;` for the beginning of the query. In a user's id it is any character.
 */
const withDecodablePath = <E, R>(
  request: HttpServerRequest.HttpServerRequest,
  routes: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
) => {
  const path = pathOf(request.url)
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
  return Effect.andThen(
    Effect.annotateLogs(Effect.logError("Request failed", cause), { "http.method": request.method, "http.path": pathOf(request.url) }),
    respond(new InternalError({}))
  )
}

const noRoute = (request: HttpServerRequest.HttpServerRequest, allowedMethods: AllowedMethods) => {
  const path = pathOf(request.url)
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
