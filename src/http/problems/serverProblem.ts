import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http"
import { requestPath } from "../server/requestPath.ts"

/**
 * Ends a request with a problem that is not the client's doing (5xx), and tells the operator about
 * it and its cause: the one line that the log gets for the request. The client is told nothing of
 * the cause.
 */
export const serverProblem = <P extends { readonly type: string; readonly status: number }>(
  problem: P,
  cause?: unknown
): Effect.Effect<never, P, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.andThen(
      Effect.annotateLogs(cause === undefined ? Effect.logWarning("Request refused") : Effect.logWarning("Request refused", cause), {
        "http.method": request.method,
        "http.path": requestPath(request),
        "http.status": problem.status,
        "problem.type": problem.type
      }),
      Effect.fail(problem)
    ))
