import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpServerRespondable } from "effect/http"
import * as Tracer from "effect/Tracer"
import { Api } from "./Api.ts"
import { RequiredScope } from "./authentication/Authentication.ts"
import { keyCheck } from "./authentication/keyAuthentication.ts"
import { bulk, takeIn } from "./ingest/bulk.ts"
import type { Shortcut } from "./server/frameworkProblems.ts"
import { noteRoute } from "./server/requestMetrics.ts"

/**
 * Gives the way of a batch past the router (docs/performance.md#the-budget-of-one-request).
 *
 * It takes the batch in as the handler of the endpoint does, behind the same check of the key.
 * `HttpApiBuilder`, which puts the same together, copies all services of the process for each
 * request. This handler holds the services that it needs. A problem is written by its own schema,
 * as there.
 *
 * Any other path, a query, and every request while spans are sent somewhere, go through the router.
 */
export const bulkShortcut = Effect.gen(function*() {
  const take = yield* takeIn
  const { letOn } = yield* keyCheck
  const tenantOf = letOn(Context.getUnsafe(Api.groups.ingest.annotations, RequiredScope))
  const isTraced = (yield* Tracer.Tracer) !== Tracer.nativeTracer
  const shortcut: Shortcut = (request) => {
    if (request.url !== bulk.path || request.method !== bulk.method || isTraced) return undefined
    noteRoute(request.source, bulk)
    return tenantOf.pipe(
      Effect.flatMap((tenant) => take(tenant, request)),
      Effect.catch(HttpServerRespondable.toResponse)
    )
  }
  return shortcut
})
