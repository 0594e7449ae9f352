import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Leaderboards } from "../../counters/Leaderboards.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { UserNotOnLeaderboard } from "../problems/notFound.ts"
import { readingProblems } from "../problems/readings.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { UserId } from "../requests/UserId.ts"
import { boardOf, Entry, entry, head, params, query, queryDetails, stale } from "./boards.ts"
import { document, ifNoneMatch, notReady } from "./document.ts"
import { inReadSlot } from "./inSlot.ts"
import { numeral, numeralDetails, prefer } from "./parameters.ts"

const PlaceSchema = Schema.Struct({
  ...head,
  ...entry,
  above: Schema.Array(Entry).annotate({ description: "Those right ahead of the user, in the board's order" }),
  below: Schema.Array(Entry).annotate({ description: "Those right behind" }),
  stale
}).annotate({
  identifier: "LeaderboardPlace",
  description: "The user's place and those next to it",
  examples: [{
    board: "login_streak",
    period: "all",
    currency: null,
    period_start: null,
    period_end: null,
    time_zone: "Europe/Malta",
    user_count: 2,
    generations: { leaderboards: 0 },
    rank: 2,
    user_id: "player-4",
    score: 7,
    reached_at: "2026-01-31",
    above: [{ rank: 1, user_id: "player-17", score: 12, reached_at: "2026-01-30" }],
    below: []
  }]
})

/** Neighbours on either side. */
const neighbourCount = { minimum: 0, maximum: 50, default: 3 }

export const leaderboardPlace = HttpApiEndpoint.get("leaderboardPlace", "/api/v1/leaderboards/:board/users/:user_id", {
  params: { ...params, user_id: UserId },
  query: { ...query, neighbours: numeral(neighbourCount) },
  success: document(PlaceSchema),
  error: [UserNotOnLeaderboard, ...notReady]
}).annotateMerge(OpenApi.annotations({
  identifier: "getLeaderboardPlace",
  summary: "A user's rank, and who is near",
  description:
    "The boards and periods are those of the leaderboards themselves. A user without an event that counts there is not on a board: `404`.",
  transform: parameterDetails({
    query: { ...queryDetails, neighbours: numeralDetails("Users shown above, and as many below", neighbourCount) },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))

export const leaderboardPlaceHandler = Effect.fnUntraced(
  function*(asked: RequestOf<typeof leaderboardPlace>) {
    const { consistency, selection } = yield* boardOf(asked)
    const { place } = yield* Leaderboards
    const neighbours = Number(asked.query.neighbours ?? neighbourCount.default)
    const found = yield* place(yield* CurrentTenant, selection, { userId: asked.params.user_id, neighbours, consistency })
    return found === undefined ? yield* new UserNotOnLeaderboard({}) : yield* conditionalJson(asked.request, found)
  },
  inReadSlot,
  Effect.catchTags(readingProblems)
)
