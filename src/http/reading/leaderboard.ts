import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { Currency } from "../../fasttrack/Text.ts"
import { boardNames, boards, periods } from "../../projections/catalog/rules/boards.ts"
import { Amount, Count, Time } from "../../values/jsonValues.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import * as Problems from "../problems/problems.ts"
import { Generations } from "./CountersSchema.ts"
import { Day, DayText } from "./Day.ts"
import { consistency, document, ifNoneMatch, notReady, numeral, numeralDetails, prefer, UserId } from "./parameters.ts"

/** Most users of a board at once, and most neighbours on either side. */
const maxEntries = 1000
const maxNeighbours = 50

const entry = {
  rank: Schema.Natural.annotate({ description: "From 1 on; no two users share one" }),
  user_id: Schema.String,
  score: Schema.Union([Count, Amount]).annotate({
    description: `A number on ${boardNames.filter((name) => boards[name].scoreIs === "count").join(" and ")}, a decimal on the others`
  }),
  reached_at: Schema.Union([Time, DayText]).annotate({
    description: "Of users with equal scores the one who reached it first is ahead. A date on login_streak, a time on the others."
  })
}
const Entry = Schema.Struct(entry).annotate({ identifier: "LeaderboardEntry" })

const head = {
  board: Schema.Literals(boardNames),
  period: Schema.Literals(periods),
  currency: Schema.NullOr(Schema.String).annotate({ description: "Upper-cased; null where the board has none" }),
  period_start: Schema.NullOr(DayText).annotate({ description: "The first date of the period; null for all" }),
  period_end: Schema.NullOr(DayText).annotate({ description: "The last date of the period; null for all" }),
  time_zone: Schema.String.annotate({ description: "IANA name of the zone in which the tenant's days begin" }),
  user_count: Count.annotate({ description: "How many users are on the board" }),
  generations: Generations
}
const stale = Schema.optionalKey(Schema.Array(Schema.String)).annotate({
  description: "Set if the board stopped at an event of one of the users"
})

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

const params = { board: Schema.Literals(boardNames).annotate({ description: "What is compared", examples: ["casino_turnover"] }) }
const query = {
  period: Schema.optionalKey(Schema.Literals(periods)),
  date: Schema.optionalKey(Day),
  currency: Schema.optionalKey(Currency),
  consistency
}
const queryDetails = {
  period: {
    description: "Weeks begin on the tenant's first day of the week. login_streak goes over all times only.",
    schema: { type: "string", enum: periods, default: "all" }
  },
  date: { description: "Any date of the period; today unless given. Of no consequence for all." },
  currency: { description: "In either case. Needed but for login_streak, which has none.", example: "EUR" }
}
const about = boardNames.map((name) => `- \`${name}\`: ${boards[name].description}.`).join("\n")

export const leaderboard = HttpApiEndpoint.get("leaderboard", "/api/v1/leaderboards/:board", {
  params,
  query: { ...query, limit: numeral(1, maxEntries) },
  success: document(LeaderboardSchema),
  error: [...notReady]
}).annotateMerge(OpenApi.annotations({
  identifier: "getLeaderboard",
  summary: "Who is ahead",
  description: `The first users of a board:\n\n${about}\n\n` +
    "A user is on a board as soon as an event has an effect on the score there. Scores are exact; they follow the counters at a distance of some " +
    "seconds unless read with `consistency=strong`.",
  transform: parameterDetails({
    query: { ...queryDetails, limit: numeralDetails("Users", 1, maxEntries, 100) },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))

export const leaderboardPlace = HttpApiEndpoint.get("leaderboardPlace", "/api/v1/leaderboards/:board/users/:user_id", {
  params: { ...params, user_id: UserId },
  query: { ...query, neighbours: numeral(0, maxNeighbours) },
  success: document(PlaceSchema),
  error: [Problems.UserNotOnLeaderboard, ...notReady]
}).annotateMerge(OpenApi.annotations({
  identifier: "getLeaderboardPlace",
  summary: "A user's rank, and who is near",
  description:
    "The boards and periods are those of the leaderboards themselves. A user without an event that counts there is not on a board: `404`.",
  transform: parameterDetails({
    query: { ...queryDetails, neighbours: numeralDetails("Users shown above, and as many below", 0, maxNeighbours, 3) },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))
