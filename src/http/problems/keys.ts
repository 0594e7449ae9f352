import * as Effect from "effect/Effect"
import { HttpEffect, HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import type { RateExceeded } from "../../tenants/RateLimits.ts"

/* Problems of the key that a request carries, met before anything of its body is read. */

/**
 * The request has no key, or one that is unknown or revoked.
 *
 * Send the key in `x-api-key` or as `Authorization: Bearer`. The operator makes keys with
 * `npm run cli -- keys`.
 */
export class Unauthenticated extends HttpApiError.Problem<Unauthenticated>()("Unauthenticated", {
  type: "unauthenticated",
  status: 401,
  title: "There is no valid key in the request"
}) {}

/** The key is valid and lacks the scope of the endpoint: `ingest`, `read` or `admin`. */
export class Forbidden extends HttpApiError.Problem<Forbidden>()("Forbidden", {
  type: "forbidden",
  status: 403,
  title: "The key does not have the scope this needs"
}) {}

/**
 * The tenant exceeds a rate that the operator set, or an address tries too many unknown keys.
 *
 * Nothing is stored. Wait for the seconds in `Retry-After` and send the request again.
 */
export class TooManyRequests extends HttpApiError.Problem<TooManyRequests>()("TooManyRequests", {
  type: "too-many-requests",
  status: 429,
  title: "There is more than is taken in a second: send the request again later"
}) {}

/** Ends a request with {@link TooManyRequests} and the `Retry-After` of the exceeded rate. */
export const rateProblem = ({ perSecond, retryAfter, what }: RateExceeded) =>
  Effect.andThen(
    HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.setHeader(response, "retry-after", String(retryAfter)))
    ),
    Effect.fail(new TooManyRequests({ detail: `There may be ${perSecond} ${what} a second.` }))
  )
