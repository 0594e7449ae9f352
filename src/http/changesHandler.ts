import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import { Changes } from "../counters/Changes.ts"
import { CurrentTenant } from "./Authentication.ts"
import { badQuery } from "./badQuery.ts"
import { decodeChangesCursor, encodeChangesCursor } from "./ChangesCursor.ts"
import { conditionalJson } from "./conditionalJson.ts"
import { consistencyOf } from "./consistencyOf.ts"
import { inReadSlot } from "./inReadSlot.ts"
import * as Problems from "./problems.ts"
import { readingProblems } from "./readingProblems.ts"

interface ChangesRequest {
  readonly query: {
    readonly cursor?: string
    readonly limit?: string
    readonly wait?: string
    readonly consistency?: "strong" | "eventual"
  }
  readonly request: HttpServerRequest.HttpServerRequest
}

/** Whose counters may have changed since a cursor; without one, a cursor. */
export const changesHandler = Effect.map(Effect.all([Changes, inReadSlot]), ([changes, inSlot]) =>
  Effect.fnUntraced(
    function*({ query, request }: ChangesRequest) {
      const tenant = yield* CurrentTenant
      const consistency = yield* consistencyOf(request, query.consistency)
      const place = query.cursor === undefined ? yield* changes.now(consistency) : decodeChangesCursor(tenant, query.cursor)
      if (place === undefined) return yield* badQuery("cursor", "It is not a next_cursor of changes.")
      const page = query.cursor === undefined
        ? { changes: [], next: place }
        : yield* changes.after(tenant, place, { limit: Number(query.limit ?? 500), waitSeconds: Number(query.wait ?? 30), consistency })
      return yield* conditionalJson(request, { changes: page.changes, next_cursor: encodeChangesCursor(tenant, page.next) })
    },
    inSlot,
    Effect.catchTags({
      TooManyReads: readingProblems.TooManyReads,
      TooManyPolls: ({ limit }) => Effect.fail(new Problems.TooManyPolls({ limit })),
      ProjectionBehind: readingProblems.ProjectionBehind,
      DatabaseUnavailable: readingProblems.DatabaseUnavailable
    })
  ))
