import { HttpApiMiddleware } from "effect/http-api"
import * as Layer from "effect/Layer"
import { ExpectationFailed, HeadersTooLarge, InternalError, MalformedRequest, RequestTimeout, ShuttingDown } from "../problems/problems.ts"

/**
 * Declares, for the API's description, what any request may be answered with: by `nodeServer`,
 * `Server` and `frameworkProblems`. It does nothing.
 */
export class EveryRequest extends HttpApiMiddleware.Service<EveryRequest>()("playtally/http/EveryRequest", {
  error: [MalformedRequest, RequestTimeout, ExpectationFailed, HeadersTooLarge, InternalError, ShuttingDown]
}) {
  static readonly layer = Layer.succeed(EveryRequest, (answer) => answer)
}
