import * as Context from "effect/Context"
import { HttpApiMiddleware } from "effect/http-api"
import type { Scope, Tenant } from "../../tenants/Tenant.ts"
import { Forbidden, TooManyRequests, Unauthenticated } from "../problems/keys.ts"
import { Unavailable } from "../problems/service.ts"

/** The tenant whose key a request carries. */
export class CurrentTenant extends Context.Service<CurrentTenant, Tenant>()("playtally/http/CurrentTenant") {}

/** The scope that a key needs for the endpoints of a group: an annotation of the group. */
export class RequiredScope extends Context.Service<RequiredScope, Scope>()("playtally/http/RequiredScope") {}

/**
 * Lets a request on only with a key of the scope that its group requires, before any of its body is
 * read (docs/design.md#the-bulk-endpoint).
 *
 * The key is in `x-api-key` or, if that header is absent, in `Authorization: Bearer`. Fails with
 * `Unauthenticated` without a valid key, `Forbidden` without the scope, `TooManyRequests` above the
 * tenant's rate, and `Unavailable` if the database cannot be asked about the key.
 *
 * It is no security middleware in Effect's sense. Those try one scheme after the other, and a wrong
 * `x-api-key` would not be final.
 */
export class Authentication
  extends HttpApiMiddleware.Service<Authentication, { provides: CurrentTenant }>()("playtally/http/Authentication", {
    error: [Unauthenticated, Forbidden, TooManyRequests, Unavailable]
  })
{}
