import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Users } from "../../counters/Users.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { readingProblems } from "../problems/readings.ts"
import { badQuery } from "../problems/requests.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { busy, document, ifNoneMatch, NextCursor, Ref } from "./document.ts"
import { inReadSlot } from "./inSlot.ts"
import { consistency, cursor, numeral, numeralDetails } from "./parameters.ts"
import { decodeTextCursor, encodeTextCursor } from "./TextCursor.ts"

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

const pageSize = { minimum: 1, maximum: 5000, default: 500 }

export const users = HttpApiEndpoint.get("users", "/api/v1/users", {
  query: {
    limit: numeral(pageSize),
    cursor,
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
    query: { limit: numeralDetails("Users a page", pageSize) },
    headers: { "if-none-match": ifNoneMatch }
  })
}))

export const usersHandler = Effect.fnUntraced(
  function*({ query, request }: RequestOf<typeof users>) {
    const { list } = yield* Users
    const after = query.cursor === undefined ? "" : decodeTextCursor(query.cursor)
    if (after === undefined) return yield* badQuery("cursor", "It is not a next_cursor of users.")
    const { next, users: found } = yield* list(yield* CurrentTenant, after, Number(query.limit ?? pageSize.default))
    return yield* conditionalJson(request, { users: found, next_cursor: next === undefined ? null : encodeTextCursor(next) })
  },
  inReadSlot,
  Effect.catchTags({ TooManyReads: readingProblems.TooManyReads, DatabaseUnavailable: readingProblems.DatabaseUnavailable })
)
