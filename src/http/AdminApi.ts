import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Authentication, RequiredScope } from "./Authentication.ts"
import * as Problems from "./problems.ts"
import { UserId } from "./readingParameters.ts"
import { Validation } from "./Validation.ts"

const eraseUser = HttpApiEndpoint.delete("eraseUser", "/api/v1/users/:user_id", {
  params: { user_id: UserId },
  query: Schema.Record(Schema.String, Schema.Never),
  success: HttpApiSchema.NoContent.annotate({ description: "Nothing is known of the user any more" }),
  error: [Problems.NothingKnown, Problems.Unavailable]
}).annotateMerge(OpenApi.annotations({
  summary: "Erase a user",
  description:
    "Removes the user's personal data for good: from the log, where empty events under a pseudonym keep their places, from the counters and everything " +
    "else that is derived from it, and from the rejected items. Resends of erased events are duplicates; a new event of the id begins a new user. To " +
    "erase again is as good as to erase once: after a `503`, or without an answer, send the request again."
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
