import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { isUnknown, UserErasure } from "../../erasure/UserErasure.ts"
import { Api } from "../Api.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import * as Problems from "../problems/problems.ts"
import { serverProblem } from "../problems/serverProblem.ts"

/** How long a request waits for the end of an erasure. Less than a client or a balancer does. */
export const ErasurePatience = Context.Reference<Duration.Input>("playtally/http/ErasurePatience", { defaultValue: () => "20 seconds" })

/** What the tenant's operator does. Once begun it is carried through, whoever goes away. */
export const adminHandlers = HttpApiBuilder.group(
  Api,
  "admin",
  Effect.fnUntraced(function*(handlers) {
    const erasure = yield* UserErasure
    const patience = yield* ErasurePatience
    return handlers.handle(
      "eraseUser",
      Effect.fnUntraced(function*({ params: { user_id } }) {
        const erased = yield* erasure.eraseWithin(yield* CurrentTenant, user_id, patience).pipe(
          Effect.catchTags({
            ImportUnfinished: (error) => serverProblem(new Problems.Unavailable({}), error),
            DatabaseUnavailable: (error) => serverProblem(new Problems.Unavailable({}), error)
          })
        )
        if (erased._tag === "UnderWay") {
          if (erased.progress === undefined) return yield* serverProblem(new Problems.Unavailable({}))
          const { events, head, position } = erased.progress
          const body = { erased_events: events, progress: Math.floor(100 * position / Math.max(1, head)) / 100 }
          return HttpApiSchema.withHeaders({ body, headers: { "retry-after": "5" } })
        }
        if (isUnknown(erased.report)) return yield* new Problems.NothingKnown({})
        return undefined
      })
    )
  })
)
