import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { gameProjections } from "../../counters/Games.ts"
import { Text } from "../../fasttrack/Text.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import * as Problems from "../problems/problems.ts"
import { Generations } from "./CountersSchema.ts"
import { NextCursor } from "./EventsSchema.ts"
import { consistency, document, ifNoneMatch, includeDetails, notReady, numeral, numeralDetails, prefer, UserId } from "./parameters.ts"

/**
 * A user's counters per game as they are answered, for the API's description: every projection's
 * section under its name.
 */
const GamesSchema = Schema.Struct({
  user_id: Schema.String,
  time_zone: Schema.String.annotate({ description: "IANA name of the zone in which the tenant's days begin" }),
  position: Schema.Natural.annotate({ description: "Position in the user's slice of the log up to which the counters are complete" }),
  generations: Generations,
  ...Object.fromEntries(gameProjections.map(({ name, section }) => [name, Schema.optionalKey(section.schema)])),
  next_cursor: NextCursor,
  stale: Schema.optionalKey(Schema.Array(Schema.String)).annotate({ description: "Sections that stopped at one of the user's events" })
}).annotate({ identifier: "Games", description: "The sections asked for; without `include`, both" })

/** Games asked for by their ids at once. */
const maxGameIds = 100

export const games = HttpApiEndpoint.get("games", "/api/v1/users/:user_id/games", {
  params: { user_id: UserId },
  query: {
    include: Schema.optionalKey(Schema.String),
    game_id: Schema.optionalKey(Schema.Array(Text).check(Schema.isMaxLength(maxGameIds))),
    limit: numeral(1, 1000),
    cursor: Schema.optionalKey(Schema.String).annotate({ description: "`next_cursor` of the page before" }),
    consistency
  },
  success: document(GamesSchema),
  error: [Problems.UserNotFound, Problems.TooManyRows, ...notReady]
}).annotateMerge(OpenApi.annotations({
  identifier: "getGames",
  summary: "A user's counters per game",
  description:
    "The counters of casino events and of game rounds once more, per game and currency. Some games by `game_id`, those without events left out; or all of " +
    "them page by page, in the order of their ids' UTF-8 bytes, each page of its own moment. A game_id of more than 256 characters is shown as its first " +
    "191, a space and its SHA-256 in hexadecimal; it is asked for as it is.",
  transform: parameterDetails({
    query: {
      include: includeDetails(gameProjections.map(({ name }) => name)),
      game_id: {
        description: `Only this game; may be repeated, up to ${maxGameIds} times. Not with limit or cursor.`,
        schema: { type: "array", items: { type: "string", maxLength: 4096 }, maxItems: maxGameIds },
        style: "form",
        explode: true
      },
      limit: numeralDetails("Games a page", 1, 1000, 100)
    },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))
