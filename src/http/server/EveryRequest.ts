import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiMiddleware } from "effect/http-api"
import * as Layer from "effect/Layer"
import { ExpectationFailed, HeadersTooLarge, MalformedRequest, RequestTimeout } from "../problems/requests.ts"
import { InternalError, ShuttingDown } from "../problems/service.ts"
import { noteRoute } from "./requestMetrics.ts"

/**
 * Declares the answers that any request may get, and notes the route of each request for its
 * metrics.
 *
 * `nodeServer`, `Server` and `frameworkProblems` give these answers.
 */
export class EveryRequest extends HttpApiMiddleware.Service<EveryRequest>()("playtally/http/EveryRequest", {
  error: [MalformedRequest, RequestTimeout, ExpectationFailed, HeadersTooLarge, InternalError, ShuttingDown]
}) {
  static readonly layer = Layer.succeed(
    EveryRequest,
    (answer, { endpoint }) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ source }) => {
        noteRoute(source, endpoint)
        return answer
      })
  )
}
