import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ProjectionParked } from "../../counters/ConsistentReads.ts"
import { Counters, type CountersDocument } from "../../counters/Counters.ts"
import { TimeTravel } from "../../counters/TimeTravel.ts"
import { EventLog } from "../../event-log/EventLog.ts"
import { countValues } from "../../fasttrack/countValues.ts"
import { malformedJson } from "../../fasttrack/malformedJson.ts"
import { takeTurns } from "../../platform/takeTurns.ts"
import { conditionalJson, unconditionalJson } from "../answers/conditionalJson.ts"
import { JsonText } from "../answers/JsonText.ts"
import { Api } from "../Api.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { badQuery } from "../problems/badQuery.ts"
import * as Problems from "../problems/problems.ts"
import { historyProblems, readingProblems, rowProblems } from "../problems/readingProblems.ts"
import { serverProblem } from "../problems/serverProblem.ts"
import { announcedBody, decodeUtf8, readBytes } from "../requests/requestBody.ts"
import { invalidRequest } from "../requests/Validation.ts"
import { activityHandler } from "./activityHandler.ts"
import { changesHandler } from "./changesHandler.ts"
import { consistencyOf } from "./consistencyOf.ts"
import { explainHandler } from "./explain.ts"
import { gamesHandler } from "./gamesHandler.ts"
import { inHistorySlot, inReadSlot } from "./inReadSlot.ts"
import { leaderboardHandler, leaderboardPlaceHandler } from "./leaderboardHandlers.ts"
import { decodeCursor, encodeCursor } from "./PositionCursor.ts"
import { UserIds } from "./ReadingApi.ts"
import { sectionsOf } from "./sectionsOf.ts"
import { shownEventText } from "./shownEvent.ts"
import { usersHandler } from "./usersHandler.ts"

/** What the engine reads (docs/design.md#reading). */
export const readingHandlers = HttpApiBuilder.group(
  Api,
  "reading",
  Effect.fnUntraced(function*(handlers) {
    const counters = yield* Counters
    const timeTravel = yield* TimeTravel
    const eventLog = yield* EventLog
    const inSlot = yield* inReadSlot
    const inHistory = yield* inHistorySlot

    const read = (
      request: HttpServerRequest.HttpServerRequest,
      userIds: ReadonlyArray<string>,
      sections: { readonly sections: ReadonlyArray<string>; readonly areNamed: boolean },
      consistency: "strong" | "eventual" | undefined
    ) =>
      Effect.gen(function*() {
        const tenant = yield* CurrentTenant
        return yield* counters.read(tenant, userIds, { ...sections, consistency: yield* consistencyOf(request, consistency) })
      })

    const readAsOf = (
      userId: string,
      sections: { readonly sections: ReadonlyArray<string>; readonly areNamed: boolean },
      instant: number,
      consistency: "strong" | "eventual" | undefined
    ) =>
      Effect.gen(function*() {
        const document = yield* timeTravel.read(yield* CurrentTenant, userId, { instant, ...sections })
        return consistency === "strong" && document?.stale !== undefined
          ? yield* new ProjectionParked({ userId, projections: document.stale })
          : document
      })

    const events = Effect.fnUntraced(function*(userId: string, limit: number, cursor: string | undefined) {
      const tenant = yield* CurrentTenant
      const reading = ["events", userId]
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(tenant, reading, cursor)
      if (before === undefined) return yield* badQuery("cursor", "It is not a next_cursor of this user's events.")
      const page = yield* eventLog.readUserPage({ tenantId: tenant.tenantId, userId, before, limit }).pipe(
        Effect.catchTag("DatabaseUnavailable", (error) => serverProblem(new Problems.Unavailable({}), error))
      )
      const last = page.events.at(-1)
      if (last === undefined && cursor === undefined) return yield* new Problems.UserNotFound({})
      const next = page.isMore && last !== undefined ? encodeCursor(tenant, reading, last.position) : null
      const texts = page.events.map((event) => shownEventText(userId, event))
      return new JsonText(`{"events":[${texts.join(",")}],"next_cursor":${JSON.stringify(next)}}`)
    })

    return handlers
      .handle(
        "counters",
        Effect.fnUntraced(function*({ params, query, request }) {
          const sections = { sections: yield* sectionsOf(query.include, counters.sections), areNamed: query.include !== undefined }
          const answer = Effect.fnUntraced(function*(document: CountersDocument | undefined) {
            return document === undefined ? yield* new Problems.UserNotFound({}) : yield* conditionalJson(request, document)
          })
          return yield* query.as_of === undefined
            ? inSlot(Effect.flatMap(read(request, [params.user_id], sections, query.consistency), ([document]) => answer(document)))
            : inHistory(Effect.flatMap(readAsOf(params.user_id, sections, query.as_of, query.consistency), answer))
        }, Effect.catchTags({ ...readingProblems, ...rowProblems, ...historyProblems }))
      )
      .handleRaw(
        "countersOfUsers",
        Effect.fnUntraced(function*({ query, request }) {
          yield* announcedBody(request, maxBytes)
          const bytes = yield* readBytes(request, maxBytes)
          const text = yield* decodeUtf8(bytes)
          const parsed = Result.try((): unknown => JSON.parse(text))
          if (Result.isFailure(parsed)) return yield* malformed(new Uint8Array(bytes))
          const body = parsed.success
          const { user_ids } = yield* Effect.mapError(decodeUserIds(body, errorsIn(bytes)), (error) => invalidRequest("body", error))
          const sections = { sections: yield* sectionsOf(query.include, counters.sections), areNamed: query.include !== undefined }
          const users = read(request, [...new Set(user_ids)], sections, query.consistency)
          return yield* inSlot(Effect.flatMap(users, (users) => unconditionalJson(request, { users })))
        }, Effect.catchTags({ ...readingProblems, ...rowProblems }))
      )
      .handle(
        "events",
        ({ params, query, request }) =>
          inSlot(
            Effect.flatMap(events(params.user_id, Number(query.limit ?? 50), query.cursor), (page) => conditionalJson(request, page))
          ).pipe(Effect.catchTag("TooManyReads", readingProblems.TooManyReads))
      )
      .handle("explain", yield* explainHandler)
      .handle("games", yield* gamesHandler)
      .handle("activity", yield* activityHandler)
      .handle("leaderboard", yield* leaderboardHandler)
      .handle("leaderboardPlace", yield* leaderboardPlaceHandler)
      .handle("users", yield* usersHandler)
      .handle("changes", yield* changesHandler)
  })
)

/** Room for 500 ids of 256 characters, each written as two escapes of 6 bytes, and some more. */
const maxBytes = 2 * 1024 * 1024

const decodeUserIds = Schema.decodeUnknownEffect(UserIds, { onExcessProperty: "error" })

/** What keeps a body from being JSON. */
const malformed = Effect.fnUntraced(function*(bytes: Uint8Array) {
  const problem = yield* takeTurns(malformedJson(bytes))
  return yield* new Problems.MalformedJson(problem === undefined ? {} : { detail: problem.message })
})

/**
 * All that is wrong with a body; of one with far too many values only the first, for a mistake in
 * each would take a second to tell.
 */
const errorsIn = (bytes: ArrayBuffer) => ({ errors: countValues(new Uint8Array(bytes)) > 1000 ? "first" : "all" }) as const
