import * as Effect from "effect/Effect"
import { HttpApiBuilder } from "effect/http-api"
import { isUnknown, UserErasure } from "../erasure/UserErasure.ts"
import { Api } from "./Api.ts"
import { CurrentTenant } from "./Authentication.ts"
import * as Problems from "./problems.ts"
import { serverProblem } from "./serverProblem.ts"

/** What the tenant's operator does. Once begun it is carried through, whoever goes away. */
export const adminHandlers = HttpApiBuilder.group(
  Api,
  "admin",
  Effect.fnUntraced(function*(handlers) {
    const erasure = yield* UserErasure
    return handlers.handle(
      "eraseUser",
      Effect.fnUntraced(function*({ params: { user_id } }) {
        const report = yield* Effect.uninterruptible(erasure.erase(yield* CurrentTenant, user_id)).pipe(
          Effect.catchTags({
            ImportUnfinished: (error) => serverProblem(new Problems.Unavailable({}), error),
            DatabaseUnavailable: (error) => serverProblem(new Problems.Unavailable({}), error)
          })
        )
        if (isUnknown(report)) return yield* new Problems.NothingKnown({})
      })
    )
  })
)
