import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import { Users } from "../../counters/Users.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { badQuery } from "../problems/badQuery.ts"
import { readingProblems } from "../problems/readingProblems.ts"
import { inReadSlot } from "./inReadSlot.ts"
import { decodeTextCursor, encodeTextCursor } from "./TextCursor.ts"

interface UsersRequest {
  readonly query: { readonly cursor?: string; readonly limit?: string }
  readonly request: HttpServerRequest.HttpServerRequest
}

/** A tenant's users, page by page. */
export const usersHandler = Effect.map(Effect.all([Users, inReadSlot]), ([users, inSlot]) =>
  Effect.fnUntraced(
    function*({ query: { cursor, limit = "500" }, request }: UsersRequest) {
      const after = cursor === undefined ? "" : decodeTextCursor(cursor)
      if (after === undefined) return yield* badQuery("cursor", "It is not a next_cursor of users.")
      const { next, users: found } = yield* users.list(yield* CurrentTenant, after, Number(limit))
      return yield* conditionalJson(request, { users: found, next_cursor: next === undefined ? null : encodeTextCursor(next) })
    },
    inSlot,
    Effect.catchTags({ TooManyReads: readingProblems.TooManyReads, DatabaseUnavailable: readingProblems.DatabaseUnavailable })
  ))
