import * as Effect from "effect/Effect"
import { HttpApiEndpoint, OpenApi } from "effect/http-api"
import * as Schema from "effect/Schema"
import { gameProjections, Games, type GameSelection } from "../../counters/Games.ts"
import { Text } from "../../fasttrack/Text.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { parameterDetails } from "../description/parameterDetails.ts"
import { UserNotFound } from "../problems/notFound.ts"
import { readingProblems, rowProblems, TooManyRows } from "../problems/readings.ts"
import { badQuery, type InvalidRequest } from "../problems/requests.ts"
import type { RequestOf } from "../requests/RequestOf.ts"
import { UserId } from "../requests/UserId.ts"
import { CompleteUpTo, document, Generations, ifNoneMatch, NextCursor, notReady, StaleSections, TimeZone } from "./document.ts"
import { inReadSlot } from "./inSlot.ts"
import { consistency, consistencyOf, cursor, include, includeDetails, numeral, numeralDetails, prefer, sectionsOf } from "./parameters.ts"
import { decodeTextCursor, encodeTextCursor } from "./TextCursor.ts"

/** The sections that a document of games can have, in their order. */
export const gameSections = gameProjections.map(({ name }) => name)

const GamesSchema = Schema.Struct({
  user_id: Schema.String,
  time_zone: TimeZone,
  position: CompleteUpTo,
  generations: Generations,
  ...Object.fromEntries(gameProjections.map(({ name, section }) => [name, Schema.optionalKey(section.schema)])),
  next_cursor: NextCursor,
  stale: StaleSections
}).annotate({ identifier: "Games", description: "The sections asked for; without `include`, both" })

/** Games asked for by their ids at once. */
const maxGameIds = 100

const pageSize = { minimum: 1, maximum: 1000, default: 100 }

export const games = HttpApiEndpoint.get("games", "/api/v1/users/:user_id/games", {
  params: { user_id: UserId },
  query: {
    include,
    game_id: Schema.optionalKey(Schema.Array(Text).check(Schema.isMaxLength(maxGameIds))),
    limit: numeral(pageSize),
    cursor,
    consistency
  },
  success: document(GamesSchema),
  error: [UserNotFound, TooManyRows, ...notReady]
}).annotateMerge(OpenApi.annotations({
  identifier: "getGames",
  summary: "A user's counters per game",
  description:
    "The counters of casino events and of game rounds once more, per game and currency. Some games by `game_id`, those without events left out; or all of " +
    "them page by page, in the order of their ids' UTF-8 bytes, each page of its own moment. A game_id of more than 256 characters is shown as its first " +
    "191, a space and its SHA-256 in hexadecimal; it is asked for as it is.",
  transform: parameterDetails({
    query: {
      include: includeDetails(gameSections),
      game_id: {
        description: `Only this game; may be repeated, up to ${maxGameIds} times. Not with limit or cursor.`,
        schema: { type: "array", items: { type: "string", maxLength: 4096 }, maxItems: maxGameIds },
        style: "form",
        explode: true
      },
      limit: numeralDetails("Games a page", pageSize)
    },
    headers: { prefer, "if-none-match": ifNoneMatch }
  })
}))

export const gamesHandler = Effect.fnUntraced(
  function*({ params: { user_id }, query, request }: RequestOf<typeof games>) {
    const counters = yield* Games
    const sections = yield* sectionsOf(query.include, counters.sections)
    const selection = yield* selectionOf(query)
    const consistency = yield* consistencyOf(request, query.consistency)
    const found = yield* counters.read(yield* CurrentTenant, user_id, { sections, games: selection, consistency })
    if (found === undefined) return yield* new UserNotFound({})
    return yield* conditionalJson(request, { ...found.document, next_cursor: found.next === null ? null : encodeTextCursor(found.next) })
  },
  inReadSlot,
  Effect.catchTags({ ...readingProblems, ...rowProblems })
)

/** The games that a query names, or the page of all games. */
const selectionOf = (
  { cursor, game_id: gameIds, limit }: RequestOf<typeof games>["query"]
): Effect.Effect<GameSelection, InvalidRequest> => {
  if (gameIds !== undefined) {
    return cursor === undefined && limit === undefined
      ? Effect.succeed({ _tag: "Some", gameIds })
      : Effect.fail(badQuery("game_id", "It does not go with limit or cursor."))
  }
  const from = cursor === undefined ? "" : decodeTextCursor(cursor)
  return from === undefined
    ? Effect.fail(badQuery("cursor", "It is not a next_cursor of games."))
    : Effect.succeed({ _tag: "Page", from, limit: Number(limit ?? pageSize.default) })
}
