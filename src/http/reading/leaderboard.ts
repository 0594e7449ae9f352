import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Leaderboards } from "../../counters/Leaderboards.ts"
import { boardNames, boards } from "../../projections/catalog/rules/boards.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { readingProblems } from "../problems/readings.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { boardOf, Entry, head, params, query, queryDetails, stale } from "./boards.ts"
import { document, ifNoneMatch, notReady } from "./document.ts"
import { inReadSlot } from "./inSlot.ts"
import { numeral, numeralDetails, prefer } from "./parameters.ts"

const LeaderboardSchema = Schema.Struct({ ...head, entries: Schema.Array(Entry), stale }).annotate({
  identifier: "Leaderboard",
  description: "The first users of the board, in its order",
  examples: [{
    board: "casino_turnover",
    period: "week",
    currency: "EUR",
    period_start: "2026-01-26",
    period_end: "2026-02-01",
    time_zone: "Europe/Malta",
    user_count: 2,
    generations: { leaderboards: 0 },
    entries: [
      { rank: 1, user_id: "player-17", score: "1250.5", reached_at: "2026-01-31T12:00:00.000Z" },
      { rank: 2, user_id: "player-4", score: "990", reached_at: "2026-01-30T09:15:00.000Z" }
    ]
  }]
})

/** Users of a board that are answered at once. */
const userCount = { minimum: 1, maximum: 1000, default: 100 }

const about = boardNames.map((name) => `- \`${name}\`: ${boards[name].description}.`).join("\n")

export const leaderboard = HttpApiEndpoint.get("leaderboard", "/api/v1/leaderboards/:board", {
  params,
  query: { ...query, limit: numeral(userCount) },
  success: document(LeaderboardSchema),
  error: [...notReady]
}).annotateMerge(OpenApi.annotations({
  identifier: "getLeaderboard",
  summary: "Who is ahead",
  description: `The first users of a board:\n\n${about}\n\n` +
    "A user is on a board as soon as an event has an effect on the score there. Scores are exact; they follow the counters at a distance of some " +
    "seconds unless read with `consistency=strong`.",
  transform: parameterDetails({
    query: { ...queryDetails, limit: numeralDetails("Users", userCount) },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))

export const leaderboardHandler = Effect.fnUntraced(
  function*(asked: RequestOf<typeof leaderboard>) {
    const { consistency, selection } = yield* boardOf(asked)
    const { top } = yield* Leaderboards
    const limit = Number(asked.query.limit ?? userCount.default)
    return yield* conditionalJson(asked.request, yield* top(yield* CurrentTenant, selection, { limit, consistency }))
  },
  inReadSlot,
  Effect.catchTags(readingProblems)
)
