import * as Effect from "effect/Effect"
import { HttpEffect, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Counters } from "../counters/Counters.ts"
import type { Consistency } from "../counters/Snapshots.ts"
import { EventLog } from "../event-log/EventLog.ts"
import type { LoggedEvent } from "../event-log/LoggedEvent.ts"
import { Api } from "./Api.ts"
import { CurrentTenant } from "./Authentication.ts"
import { conditionalJson } from "./conditionalJson.ts"
import { decodeEventsCursor, encodeEventsCursor } from "./EventsCursor.ts"
import { parsePrefer } from "./parsePrefer.ts"
import * as Problems from "./problems.ts"
import { UserIds } from "./ReadingApi.ts"
import { announcedBody, decodeUtf8, readBytes } from "./requestBody.ts"
import { serverProblem } from "./serverProblem.ts"
import { invalidRequest } from "./Validation.ts"

/** What the engine reads (design §3). */
export const readingHandlers = HttpApiBuilder.group(
  Api,
  "reading",
  Effect.fnUntraced(function*(handlers) {
    const counters = yield* Counters
    const eventLog = yield* EventLog

    const sectionsOf = (include: string | undefined) => {
      if (include === undefined) return Effect.succeed(counters.sections)
      const asked = new Set(include.split(","))
      const unknown = [...asked].filter((name) => !counters.sections.includes(name))
      return unknown.length === 0
        ? Effect.succeed(counters.sections.filter((name) => asked.has(name)))
        : Effect.fail(badQuery("include", `There is only ${counters.sections.join(", ")}.`))
    }

    const read = (
      request: HttpServerRequest.HttpServerRequest,
      userIds: ReadonlyArray<string>,
      sections: ReadonlyArray<string>,
      consistency: "strong" | "eventual" | undefined
    ) =>
      Effect.gen(function*() {
        const tenant = yield* CurrentTenant
        return yield* counters.read(tenant, userIds, { sections, consistency: yield* consistencyOf(request, consistency) })
      }).pipe(Effect.catchTags({
        ProjectionBehind: ({ waited }) => serverProblem(new Problems.ProjectionBehind({ detail: `They were waited for ${waited} s.` })),
        ProjectionParked: ({ projections, userId }) => serverProblem(new Problems.ProjectionParked({ user_id: userId, projections })),
        DatabaseUnavailable: (error) => serverProblem(new Problems.Unavailable({}), error)
      }))

    const events = Effect.fnUntraced(function*(userId: string, limit: number, cursor: string | undefined) {
      const tenant = yield* CurrentTenant
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeEventsCursor(tenant, userId, cursor)
      if (before === undefined) return yield* badQuery("cursor", "It is not a next_cursor of this user's events.")
      const found = yield* eventLog.readUser(tenant.tenantId, userId, before, limit + 1).pipe(
        Effect.catchTag("DatabaseUnavailable", (error) => serverProblem(new Problems.Unavailable({}), error))
      )
      if (found.length === 0 && cursor === undefined) return yield* new Problems.UserNotFound({})
      const last = found.length > limit ? found[limit - 1] : undefined
      return {
        events: found.slice(0, limit).map(shown),
        next_cursor: last === undefined ? null : encodeEventsCursor(tenant, userId, last.position)
      }
    })

    return handlers
      .handle(
        "counters",
        Effect.fnUntraced(function*({ params, query, request }) {
          const sections = yield* sectionsOf(query.include)
          const [document] = yield* read(request, [params.user_id], sections, query.consistency)
          return document === undefined ? yield* new Problems.UserNotFound({}) : conditionalJson(request, document)
        })
      )
      .handleRaw(
        "countersOfUsers",
        Effect.fnUntraced(function*({ query, request }) {
          yield* announcedBody(request, maxBytes)
          const text = yield* Effect.flatMap(readBytes(request, maxBytes), decodeUtf8)
          const body = yield* Effect.try({
            try: (): unknown => JSON.parse(text),
            catch: (error) =>
              new Problems.MalformedJson({ detail: error instanceof Error ? error.message.slice(0, 200) : "It is not JSON." })
          })
          const { user_ids } = yield* Effect.mapError(decodeUserIds(body), (error) => invalidRequest("body", error))
          return HttpServerResponse.jsonUnsafe({
            users: yield* read(request, [...new Set(user_ids)], counters.sections, query.consistency)
          })
        })
      )
      .handle(
        "events",
        ({ params, query, request }) =>
          Effect.map(events(params.user_id, Number(query.limit ?? 50), query.cursor), (page) => conditionalJson(request, page))
      )
  })
)

/** Room for 500 ids of 256 characters, each written as two escapes of 6 bytes, and some more. */
const maxBytes = 2 * 1024 * 1024

const decodeUserIds = Schema.decodeUnknownEffect(UserIds, { onExcessProperty: "error", errors: "all" })

const badQuery = (name: string, message: string) => new Problems.InvalidRequest({ issues: [{ path: ["query", name], message }] })

const defaultWait = 5
const maxWait = 60

/** `Prefer: wait=N` is a wish, so that one beyond the maximum is met as far as it goes and one that is no number not at all (RFC 7240). */
const consistencyOf = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest, asked: "strong" | "eventual" | undefined) {
  if (asked !== "strong") return { _tag: "Eventual" } satisfies Consistency
  const wait = parsePrefer(request.headers["prefer"]).get("wait")
  if (wait === undefined || !/^\d+$/.test(wait)) return { _tag: "Strong", waitSeconds: defaultWait } satisfies Consistency
  const waitSeconds = Math.min(Number(wait), maxWait)
  yield* HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.succeed(HttpServerResponse.setHeader(response, "preference-applied", `wait=${waitSeconds}`))
  )
  return { _tag: "Strong", waitSeconds } satisfies Consistency
})

const timeText = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** An event as its sender would recognize it, in canonical form. */
const shown = ({ event, position, recordedAt, slice, userId }: LoggedEvent) => ({
  slice,
  position,
  event: event.event,
  data: { user_id: userId, timestamp: timeText(event.occurredAt), ...event.data },
  occurred_at: timeText(event.occurredAt),
  recorded_at: timeText(recordedAt)
})
