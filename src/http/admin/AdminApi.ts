import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Authentication, RequiredScope } from "../authentication/Authentication.ts"
import * as Problems from "../problems/problems.ts"
import { UserId } from "../reading/parameters.ts"
import { Validation } from "../requests/Validation.ts"

/** How far the erasure of a user with a long history has come. */
const ErasureUnderWay = Schema.Struct({
  erased_events: Schema.Int.annotate({ description: "Events that are empty by now" }),
  progress: Schema.Finite.annotate({ description: "The part of the user's slice of the log that has been gone through, from 0 to 1" })
}).annotate({
  identifier: "ErasureUnderWay",
  description: "The user is not found any more, and the erasure goes on by itself: to hear of its end, send the request again"
})

const retryAfter = Schema.String.annotate({ description: "Seconds after which to send the request again" })

const eraseUser = HttpApiEndpoint.delete("eraseUser", "/api/v1/users/:user_id", {
  params: { user_id: UserId },
  query: Schema.Record(Schema.String, Schema.Never),
  success: [
    HttpApiSchema.NoContent.annotate({ description: "Nothing is known of the user any more" }),
    HttpApiSchema.WithHeaders(ErasureUnderWay.annotate({ httpApiStatus: 202 }), { "retry-after": retryAfter })
  ],
  error: [Problems.NothingKnown, Problems.Unavailable]
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

/** What a tenant's operator uses. */
export class AdminApi extends HttpApiGroup.make("admin")
  .add(eraseUser)
  .middleware(Validation)
  .middleware(Authentication)
  .annotate(RequiredScope, "admin")
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotateMerge(OpenApi.annotations({ title: "Administration", description: "For the operator. The key needs the scope `admin`." }))
{}
