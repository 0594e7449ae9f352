import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import { Explanation } from "../../counters/Explanation.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { badQuery } from "../problems/badQuery.ts"
import * as Problems from "../problems/problems.ts"
import { historyProblems, readingProblems } from "../problems/readingProblems.ts"
import { serverProblem } from "../problems/serverProblem.ts"
import { inHistorySlot } from "./inReadSlot.ts"
import { decodeCursor, encodeCursor } from "./PositionCursor.ts"
import { shownEvent } from "./shownEvent.ts"

interface Explain {
  readonly params: { readonly user_id: string }
  readonly query: { readonly path: string; readonly limit?: string; readonly cursor?: string }
  readonly request: HttpServerRequest.HttpServerRequest
}

/** Says why a counter is what it is, page by page. */
export const explainHandler = Effect.map(Effect.all([Explanation, inHistorySlot]), ([explanation, inSlot]) =>
  Effect.fnUntraced(
    function*({ params: { user_id }, query: { cursor, limit = "50", path }, request }: Explain) {
      const tenant = yield* CurrentTenant
      const reading = ["explain", user_id, path]
      const after = cursor === undefined ? 0 : decodeCursor(tenant, reading, cursor)
      if (after === undefined) return yield* badQuery("cursor", "It is not a next_cursor of this path of this user.")
      const explained = yield* explanation.explain(tenant, user_id, path, { after, limit: Number(limit) })
      if (explained === undefined) return yield* new Problems.UserNotFound({})
      const last = explained.contributions.at(-1)
      return yield* conditionalJson(request, {
        path: explained.path,
        value: explained.value,
        position: explained.position,
        contributions: explained.contributions.map(({ contribution, logged, value }) => ({ ...shownEvent(logged), contribution, value })),
        next_cursor: explained.isMore && last !== undefined ? encodeCursor(tenant, reading, last.logged.position) : null
      })
    },
    inSlot,
    Effect.catchTags({
      TooManyReads: readingProblems.TooManyReads,
      HistoryTooLarge: historyProblems.HistoryTooLarge,
      HistoryUnfinished: historyProblems.HistoryUnfinished,
      NoSuchCounter: ({ message }) => Effect.fail(badQuery("path", message)),
      CounterNotFound: ({ path }) => Effect.fail(new Problems.CounterNotFound({ detail: `There is nothing at ${path}.` })),
      ProjectionFailing: readingProblems.ProjectionFailing,
      ProjectionParked: ({ projections, userId }) => serverProblem(new Problems.ProjectionParked({ user_id: userId, projections })),
      DatabaseUnavailable: (error) => serverProblem(new Problems.Unavailable({}), error)
    })
  ))
