import * as Context from "effect/Context"
import { HttpApiMiddleware } from "effect/http-api"
import type { Scope, Tenant } from "../../tenants/Tenant.ts"
import { Forbidden, TooManyRequests, Unauthenticated } from "../problems/keys.ts"
import { Unavailable } from "../problems/service.ts"

/** The tenant whose key a request carries. */
export class CurrentTenant extends Context.Service<CurrentTenant, Tenant>()("playtally/http/CurrentTenant") {}

/** What a key must be allowed to do to use a group's endpoints: an annotation of the group. */
export class RequiredScope extends Context.Service<RequiredScope, Scope>()("playtally/http/RequiredScope") {}

/**
 * Lets a request on only with a key of the scope that its group requires, before anything of its
 * body is read (docs/design.md#the-bulk-endpoint). The key is in `x-api-key` or, if that header is
 * absent, in `Authorization: Bearer`. Without a valid key 401, without the scope 403, above the
 * tenant's rate 429.
 *
 * It is no security middleware in Effect's sense: those try one scheme after the other, and a wrong
 * `x-api-key` would not be final.
 */
export class Authentication
  extends HttpApiMiddleware.Service<Authentication, { provides: CurrentTenant }>()("playtally/http/Authentication", {
    error: [Unauthenticated, Forbidden, TooManyRequests, Unavailable]
  })
{}
