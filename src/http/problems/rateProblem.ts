import * as Effect from "effect/Effect"
import { HttpEffect, HttpServerResponse } from "effect/http"
import type { RateExceeded } from "../../tenants/RateLimits.ts"
import { TooManyRequests } from "./problems.ts"

/**
 * What is answered where a rate is exceeded: 429, with the time after which to come again
 * (docs/design.md#the-bulk-endpoint).
 */
export const rateProblem = ({ perSecond, retryAfter, what }: RateExceeded) =>
  Effect.andThen(
    HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.setHeader(response, "retry-after", String(retryAfter)))
    ),
    Effect.fail(new TooManyRequests({ detail: `There may be ${perSecond} ${what} a second.` }))
  )
