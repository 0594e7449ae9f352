import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { ProjectionParked } from "../../counters/ConsistentReads.ts"
import { Counters, type CountersDocument } from "../../counters/Counters.ts"
import { TimeTravel } from "../../counters/history/TimeTravel.ts"
import { Instant } from "../../fasttrack/Timestamp.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { UserNotFound } from "../problems/notFound.ts"
import { historyProblems, HistoryTooLarge, HistoryUnfinished, readingProblems, rowProblems, TooManyRows } from "../problems/readings.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { UserId } from "../requests/UserId.ts"
import { counterSections, CountersSchema } from "./CountersSchema.ts"
import { document, ifNoneMatch, notReady } from "./document.ts"
import { inHistorySlot, inReadSlot } from "./inSlot.ts"
import { askedSections, consistency, consistencyOf, include, includeDetails, prefer, type Sections } from "./parameters.ts"

export const counters = HttpApiEndpoint.get("counters", "/api/v1/users/:user_id/counters", {
  params: { user_id: UserId },
  query: {
    include,
    as_of: Schema.optionalKey(Instant),
    consistency
  },
  success: document(CountersSchema),
  error: [UserNotFound, TooManyRows, HistoryTooLarge, HistoryUnfinished, ...notReady]
}).annotateMerge(OpenApi.annotations({
  identifier: "getCounters",
  summary: "A user's counters",
  description:
    "Every number is a function of the user's stored events: in whatever order, batches and repetitions they came, the counters are the same. Amounts are " +
    "exact decimals in text, per currency. Without `consistency=strong` they may lack the events of the last moments. A section of more than 1,000 rows, say " +
    "of currencies, is refused with 422: name others in `include`, or read the SQL view.",
  transform: parameterDetails({
    query: {
      include: includeDetails(counterSections),
      as_of: {
        description:
          "The counters of what the log held then: of events with a recorded_at up to this time, which is also what counts as now. " +
          "Read from the log itself, so that either consistency is strong. It must not lie in the future; `+` is written `%2B`."
      }
    },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))

/** The document of the present, or that of the past where there is an `as_of`. */
export const countersHandler = Effect.fnUntraced(
  function*(asked: RequestOf<typeof counters>) {
    const { query, request } = asked
    const sections = yield* askedSections(query.include, (yield* Counters).sections)
    const answer = Effect.fnUntraced(function*(found: CountersDocument | undefined) {
      return found === undefined ? yield* new UserNotFound({}) : yield* conditionalJson(request, found)
    })
    return yield* query.as_of === undefined
      ? inReadSlot(Effect.flatMap(readPresent(asked, sections), answer))
      : inHistorySlot(Effect.flatMap(readPast(asked, { ...sections, instant: query.as_of }), answer))
  },
  Effect.catchTags({ ...readingProblems, ...rowProblems, ...historyProblems })
)

const readPresent = Effect.fnUntraced(
  function*({ params: { user_id }, query, request }: RequestOf<typeof counters>, sections: Sections) {
    const { read } = yield* Counters
    const consistency = yield* consistencyOf(request, query.consistency)
    const [found] = yield* read(yield* CurrentTenant, [user_id], { ...sections, consistency })
    return found
  }
)

/** A strong reading of a parked user fails; the past of everybody else is strong either way. */
const readPast = Effect.fnUntraced(function*(
  { params: { user_id }, query }: RequestOf<typeof counters>,
  options: Sections & { readonly instant: number }
) {
  const { read } = yield* TimeTravel
  const found = yield* read(yield* CurrentTenant, user_id, options)
  return query.consistency === "strong" && found?.stale !== undefined
    ? yield* new ProjectionParked({ userId: user_id, projections: found.stale })
    : found
})
