import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { IncomingMessage } from "node:http"
import { ApiKeys } from "../../tenants/ApiKeys.ts"
import { monotonicMillis, type RateExceeded, RateLimits } from "../../tenants/RateLimits.ts"
import type { Scope } from "../../tenants/Tenant.ts"
import { TenantMetrics } from "../../tenants/TenantMetrics.ts"
import { Forbidden, rateProblem, Unauthenticated } from "../problems/keys.ts"
import { serverProblem, Unavailable } from "../problems/service.ts"
import { RequestLog } from "../server/RequestLog.ts"
import { addressOf } from "./addressOf.ts"
import { Authentication, CurrentTenant, RequiredScope } from "./Authentication.ts"

/**
 * Milliseconds after which an answer is given only if the key is still valid: a long poll outlives
 * no revoked key.
 */
export const RecheckAfter = Context.Reference<number>("playtally/http/RecheckAfter", { defaultValue: () => 2000 })

/**
 * Gives what {@link Authentication} asks of each request: the tenant of its key, if the key has the
 * scope and the tenant's rate has room.
 */
export const keyCheck = Effect.gen(function*() {
  const apiKeys = yield* ApiKeys
  const rates = yield* RateLimits
  const address = yield* addressOf
  const { lines } = yield* RequestLog
  const tenantMetrics = yield* TenantMetrics

  const authenticate = Effect.fnUntraced(function*(scope: Scope) {
    const request = yield* HttpServerRequest.HttpServerRequest
    const key = keyOf(request.headers)
    if (key === undefined) {
      return yield* new Unauthenticated({ detail: "Send a key in the header x-api-key, or as Authorization: Bearer KEY." })
    }
    const principal = yield* apiKeys.authenticate(Redacted.make(key), address(request)).pipe(Effect.catch(refusal))
    lines?.isOf(request.source as IncomingMessage, principal)
    return principal.scopes.has(scope)
      ? principal.tenant
      : yield* new Forbidden({ detail: `The key does not have the scope "${scope}".` })
  })

  return {
    /** Lets a request on, or refuses it. */
    letOn: (scope: Scope) =>
      Effect.interruptible(Effect.catchTag(
        Effect.tap(authenticate(scope), (tenant) => Effect.andThen(tenantMetrics.request(tenant), rates.request(tenant))),
        "RateExceeded",
        rateProblem
      )),
    /** Looks at the key again, and charges nothing for it. */
    stillLetOn: (scope: Scope) => Effect.catchTag(authenticate(scope), "RateExceeded", rateProblem)
  }
})

/** {@link Authentication} by the tenants' keys. */
export const keyAuthentication = Layer.effect(
  Authentication,
  Effect.gen(function*() {
    const { letOn, stillLetOn } = yield* keyCheck
    const now = yield* monotonicMillis
    const recheckAfter = yield* RecheckAfter

    return Authentication.of((endpoint, { group }) => {
      const scope = Context.getUnsafe(group.annotations, RequiredScope)
      return Effect.flatMap(letOn(scope), (tenant) => {
        const answer = Effect.provideService(endpoint, CurrentTenant, tenant)
        // A batch that is stored is answered, whatever became of the key.
        if (scope === "ingest") return answer
        const began = now()
        return Effect.tap(answer, () => now() - began < recheckAfter ? Effect.void : stillLetOn(scope))
      })
    })
  })
)

const refusal = (
  error: Effect.Error<ReturnType<ApiKeys["Service"]["authenticate"]>>
): Effect.Effect<never, Unauthenticated | Unavailable | RateExceeded, HttpServerRequest.HttpServerRequest> => {
  switch (error._tag) {
    case "UnknownApiKey":
      return Effect.fail(new Unauthenticated({ detail: "The key is unknown or has been revoked." }))
    case "DatabaseUnavailable":
      return serverProblem(new Unavailable({}), error)
    case "RateExceeded":
      return Effect.fail(error)
  }
}

const bearer = /^bearer +(\S+) *$/i

const keyOf = (headers: HttpServerRequest.HttpServerRequest["headers"]): string | undefined =>
  headers["x-api-key"] ?? bearer.exec(headers["authorization"] ?? "")?.[1]
