import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiMiddleware } from "effect/http-api"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { ApiKeys, type Principal } from "../tenants/ApiKeys.ts"
import type { Scope, Tenant } from "../tenants/Tenant.ts"
import { Challenge, Forbidden, retryable, Unauthenticated, Unavailable } from "./problems.ts"
import { serverProblem } from "./serverProblem.ts"

/** The tenant whose key a request carries. */
export class CurrentTenant extends Context.Service<CurrentTenant, Tenant>()("playtally/http/CurrentTenant") {}

/** What a key must be allowed to do to use a group's endpoints: an annotation of the group. */
export class RequiredScope extends Context.Service<RequiredScope, Scope>()("playtally/http/RequiredScope") {}

/**
 * Lets a request on only with a key of the scope that its group requires, before anything of its body is read (design §2). The key is in
 * `x-api-key` or, if that header is absent, in `Authorization: Bearer`. Without a valid key 401, without the scope 403.
 *
 * It is no security middleware in Effect's sense: those try one scheme after the other, and a wrong `x-api-key` would not be final.
 */
export class Authentication extends HttpApiMiddleware.Service<Authentication, { provides: CurrentTenant }>()("playtally/http/Authentication", {
  error: [Challenge, Forbidden, retryable(Unavailable)]
}) {
  static readonly layer = Layer.effect(
    Authentication,
    Effect.gen(function*() {
      const apiKeys = yield* ApiKeys

      const authenticate = Effect.fnUntraced(function*(scope: Scope) {
        const request = yield* HttpServerRequest.HttpServerRequest
        const key = keyOf(request.headers)
        if (key === undefined) {
          return yield* new Unauthenticated({ detail: "Send a key in the header x-api-key, or as Authorization: Bearer KEY." })
        }
        const principal: Principal = yield* apiKeys.authenticate(Redacted.make(key)).pipe(
          Effect.catchTags({
            UnknownApiKey: () => Effect.fail(new Unauthenticated({ detail: "The key is unknown or has been revoked." })),
            DatabaseUnavailable: (error) => serverProblem(new Unavailable({}), error)
          })
        )
        return principal.scopes.has(scope) ? principal.tenant : yield* new Forbidden({ detail: `The key does not have the scope "${scope}".` })
      })

      return Authentication.of((endpoint, { group }) => {
        const scope = Context.getUnsafe(group.annotations, RequiredScope)
        return Effect.flatMap(authenticate(scope), (tenant) => Effect.provideService(endpoint, CurrentTenant, tenant))
      })
    })
  )
}

const bearer = /^bearer +(\S+) *$/i

const keyOf = (headers: HttpServerRequest.HttpServerRequest["headers"]): string | undefined =>
  headers["x-api-key"] ?? bearer.exec(headers["authorization"] ?? "")?.[1]
