import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { parameterDetails } from "../description/parameterDetails.ts"
import { Ref } from "./CountersSchema.ts"
import { NextCursor } from "./EventsSchema.ts"
import { busy, consistency, document, ifNoneMatch, numeral, numeralDetails } from "./parameters.ts"

/** A page of users as it is answered, for the API's description. */
const UsersSchema = Schema.Struct({
  users: Schema.Array(
    Schema.Struct({ user_id: Schema.String, ref: Ref, slice: Schema.Natural }).annotate({ identifier: "ListedUser" })
  ),
  next_cursor: NextCursor
}).annotate({
  identifier: "Users",
  description:
    "In the order of the ids' UTF-8 bytes. A page may have fewer users than its limit where there are more: as long as `next_cursor` is no null"
})

export const users = HttpApiEndpoint.get("users", "/api/v1/users", {
  query: {
    limit: numeral(1, 5000),
    cursor: Schema.optionalKey(Schema.String).annotate({ description: "`next_cursor` of the page before" }),
    consistency: consistency.annotate({ description: "Either is strong here: users are read from the log itself" })
  },
  success: document(UsersSchema),
  error: [...busy]
}).annotateMerge(OpenApi.annotations({
  identifier: "getUsers",
  summary: "The tenant's users",
  description:
    "Every user with events, page by page. Erased users are not listed. A mirror of all counters is begun with the changes, `from=start`.",
  transform: parameterDetails({
    query: { limit: numeralDetails("Users a page", 1, 5000, 500) },
    headers: { "if-none-match": ifNoneMatch }
  })
}))
