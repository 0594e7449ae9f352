import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { HttpApiEndpoint, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { isUnknown, UserErasure } from "../../erasure/UserErasure.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { NothingKnown } from "../problems/notFound.ts"
import { databaseProblem, serverProblem, Unavailable } from "../problems/service.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { UserId } from "../requests/UserId.ts"

/** How far the erasure of a user with a long history has come. */
const ErasureUnderWay = Schema.Struct({
  erased_events: Schema.Int.annotate({ description: "Events that are empty by now" }),
  progress: Schema.Finite.annotate({ description: "The part of the user's slice of the log that has been gone through, from 0 to 1" })
}).annotate({
  identifier: "ErasureUnderWay",
  description: "The user is not found any more, and the erasure goes on by itself: to hear of its end, send the request again"
})

const retryAfter = Schema.String.annotate({ description: "Seconds after which to send the request again" })

export const eraseUser = HttpApiEndpoint.delete("eraseUser", "/api/v1/users/:user_id", {
  params: { user_id: UserId },
  query: Schema.Record(Schema.String, Schema.Never),
  success: [
    HttpApiSchema.NoContent.annotate({ description: "Nothing is known of the user any more" }),
    HttpApiSchema.WithHeaders(ErasureUnderWay.annotate({ httpApiStatus: 202 }), { "retry-after": retryAfter })
  ],
  error: [NothingKnown, Unavailable]
}).annotateMerge(OpenApi.annotations({
  identifier: "eraseUser",
  summary: "Erase a user",
  description:
    "Removes the user's personal data for good: from the log, where empty events under a pseudonym keep their places, from the counters and everything " +
    "else that is derived from it, and from the rejected items. Resends of erased events are duplicates; a new event of the id begins a new user. To " +
    "erase again is as good as to erase once: after a `503`, or without an answer, send the request again. A user with hundreds of thousands of events " +
    "is erased in steps: nobody finds the user from the first one on, events that come meanwhile are erased with the others, and a request that has waited " +
    "for 20 seconds is answered with `202`. To send it again joins what is under way, and `204` says that it has ended."
}))

/** How long a request waits for the end of an erasure. Less than a client or a balancer does. */
export const ErasurePatience = Context.Reference<Duration.Input>("playtally/http/ErasurePatience", { defaultValue: () => "20 seconds" })

/** Erases a user. Once begun an erasure is carried through, also if the client goes away. */
export const eraseUserHandler = Effect.gen(function*() {
  const erasure = yield* UserErasure
  const patience = yield* ErasurePatience
  return Effect.fnUntraced(
    function*({ params: { user_id } }: RequestOf<typeof eraseUser>) {
      const erased = yield* erasure.eraseWithin(yield* CurrentTenant, user_id, patience)
      if (erased._tag === "UnderWay") {
        if (erased.progress === undefined) return yield* serverProblem(new Unavailable({}))
        const { events, head, position } = erased.progress
        const body = { erased_events: events, progress: Math.floor(100 * position / Math.max(1, head)) / 100 }
        return HttpApiSchema.withHeaders({ body, headers: { "retry-after": "5" } })
      }
      if (isUnknown(erased.report)) return yield* new NothingKnown({})
      return undefined
    },
    Effect.catchTags({
      ImportUnfinished: (error) => serverProblem(new Unavailable({}), error),
      DatabaseUnavailable: databaseProblem
    })
  )
})
