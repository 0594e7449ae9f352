import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import { Games, type GameSelection } from "../../counters/Games.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { badQuery } from "../problems/badQuery.ts"
import * as Problems from "../problems/problems.ts"
import { readingProblems, rowProblems } from "../problems/readingProblems.ts"
import { consistencyOf } from "./consistencyOf.ts"
import { inReadSlot } from "./inReadSlot.ts"
import { sectionsOf } from "./sectionsOf.ts"
import { decodeTextCursor, encodeTextCursor } from "./TextCursor.ts"

interface Query {
  readonly include?: string
  readonly game_id?: ReadonlyArray<string>
  readonly limit?: string
  readonly cursor?: string
  readonly consistency?: "strong" | "eventual"
}

interface GamesRequest {
  readonly params: { readonly user_id: string }
  readonly query: Query
  readonly request: HttpServerRequest.HttpServerRequest
}

/** The counters of single games, those asked for or page by page. */
export const gamesHandler = Effect.map(Effect.all([Games, inReadSlot]), ([games, inSlot]) =>
  Effect.fnUntraced(
    function*({ params: { user_id }, query, request }: GamesRequest) {
      const sections = yield* sectionsOf(query.include, games.sections)
      const selection = yield* selectionOf(query)
      const consistency = yield* consistencyOf(request, query.consistency)
      const found = yield* games.read(yield* CurrentTenant, user_id, { sections, games: selection, consistency })
      if (found === undefined) return yield* new Problems.UserNotFound({})
      return yield* conditionalJson(request, { ...found.document, next_cursor: found.next === null ? null : encodeTextCursor(found.next) })
    },
    inSlot,
    Effect.catchTags({ ...readingProblems, ...rowProblems })
  ))

const selectionOf = ({ cursor, game_id: gameIds, limit }: Query): Effect.Effect<GameSelection, Problems.InvalidRequest> => {
  if (gameIds !== undefined) {
    return cursor === undefined && limit === undefined
      ? Effect.succeed({ _tag: "Some", gameIds })
      : Effect.fail(badQuery("game_id", "It does not go with limit or cursor."))
  }
  const from = cursor === undefined ? "" : decodeTextCursor(cursor)
  return from === undefined
    ? Effect.fail(badQuery("cursor", "It is not a next_cursor of games."))
    : Effect.succeed({ _tag: "Page", from, limit: Number(limit ?? 100) })
}
