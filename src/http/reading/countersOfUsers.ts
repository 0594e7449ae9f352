import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Counters } from "../../counters/Counters.ts"
import { countValues } from "../../fasttrack/countValues.ts"
import { malformedJson } from "../../fasttrack/malformedJson.ts"
import { takeTurns } from "../../platform/takeTurns.ts"
import { unconditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { readingProblems, rowProblems, TooManyRows } from "../problems/readings.ts"
import { BodyTooLarge, MalformedJson, MalformedRequest, RequestTimeout, UnsupportedMediaType } from "../problems/requests.ts"
import { announcedBody, decodeUtf8, readBytes } from "../requests/requestBody.ts"
import type { RawRequestOf } from "../requests/RequestOf.ts"
import { UserId } from "../requests/UserId.ts"
import { invalidRequest } from "../requests/Validation.ts"
import { counterSections, CountersSchema } from "./CountersSchema.ts"
import { notReady } from "./document.ts"
import { inReadSlot } from "./inSlot.ts"
import { askedSections, consistency, consistencyOf, include, includeDetails, prefer } from "./parameters.ts"

/** The users asked for at once. A user named twice is answered once. */
const UserIds = Schema.Struct({
  user_ids: Schema.Array(UserId).check(Schema.isMinLength(1), Schema.isMaxLength(500))
}).annotate({ identifier: "UserIds", examples: [{ user_ids: [UserId.make("player-17"), UserId.make("player-18")] }] })

export const countersOfUsers = HttpApiEndpoint.post("countersOfUsers", "/api/v1/users/counters", {
  query: { include, consistency },
  payload: UserIds,
  success: Schema.Struct({ users: Schema.Array(CountersSchema) }).annotate({
    identifier: "CountersOfUsers",
    description: "In the order asked, all of one moment; users without events are left out"
  }),
  error: [
    MalformedJson,
    MalformedRequest,
    RequestTimeout,
    BodyTooLarge,
    UnsupportedMediaType,
    TooManyRows,
    ...notReady
  ]
}).annotateMerge(OpenApi.annotations({
  identifier: "getCountersOfUsers",
  summary: "The counters of up to 500 users",
  description: "The documents as each user's counters are answered on their own. A user named twice is answered once.",
  transform: parameterDetails({ query: { include: includeDetails(counterSections) }, headers: { prefer } })
}))

/** Raw: the body is read by this handler, for its bounds and for problems of its own. */
export const countersOfUsersHandler = Effect.fnUntraced(
  function*({ query, request }: RawRequestOf<typeof countersOfUsers>) {
    yield* announcedBody(request, maxBytes)
    const userIds = yield* userIdsIn(yield* readBytes(request, maxBytes))
    const counters = yield* Counters
    const sections = yield* askedSections(query.include, counters.sections)
    return yield* inReadSlot(Effect.gen(function*() {
      const consistency = yield* consistencyOf(request, query.consistency)
      const users = yield* counters.read(yield* CurrentTenant, userIds, { ...sections, consistency })
      return yield* unconditionalJson(request, { users })
    }))
  },
  Effect.catchTags({ ...readingProblems, ...rowProblems })
)

/** Room for 500 ids of 256 characters, each written as two escapes of 6 bytes, and some more. */
const maxBytes = 2 * 1024 * 1024

const decodeUserIds = Schema.decodeUnknownEffect(UserIds, { onExcessProperty: "error" })

/** The users that a body names, each once. */
const userIdsIn = Effect.fnUntraced(function*(bytes: ArrayBuffer) {
  const text = yield* decodeUtf8(bytes)
  const parsed = Result.try((): unknown => JSON.parse(text))
  if (Result.isFailure(parsed)) return yield* malformed(new Uint8Array(bytes))
  const { user_ids } = yield* Effect.mapError(decodeUserIds(parsed.success, errorsIn(bytes)), (error) => invalidRequest("body", error))
  return [...new Set(user_ids)]
})

/** Says where a body stops being JSON. */
const malformed = Effect.fnUntraced(function*(bytes: Uint8Array) {
  const problem = yield* takeTurns(malformedJson(bytes))
  return yield* new MalformedJson(problem === undefined ? {} : { detail: problem.message })
})

/**
 * Whether all mistakes of a body are told, or the first alone. To tell thousands takes a second of
 * processor time.
 */
const errorsIn = (bytes: ArrayBuffer) => ({ errors: countValues(new Uint8Array(bytes)) > 1000 ? "first" : "all" }) as const
