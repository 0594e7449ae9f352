import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import { type BoardSelection, Leaderboards } from "../../counters/Leaderboards.ts"
import { type Board, type Period, ruleOf } from "../../projections/catalog/rules/boards.ts"
import { conditionalJson } from "../answers/conditionalJson.ts"
import { CurrentTenant } from "../authentication/Authentication.ts"
import { badQuery } from "../problems/badQuery.ts"
import * as Problems from "../problems/problems.ts"
import { readingProblems } from "../problems/readingProblems.ts"
import { consistencyOf } from "./consistencyOf.ts"
import { inReadSlot } from "./inReadSlot.ts"

interface Query {
  readonly period?: Period
  /** Days since 1970-01-01. */
  readonly date?: number
  readonly currency?: string
  readonly consistency?: "strong" | "eventual"
}

interface TopRequest {
  readonly params: { readonly board: Board }
  readonly query: Query & { readonly limit?: string }
  readonly request: HttpServerRequest.HttpServerRequest
}

interface PlaceRequest {
  readonly params: { readonly board: Board; readonly user_id: string }
  readonly query: Query & { readonly neighbours?: string }
  readonly request: HttpServerRequest.HttpServerRequest
}

/** The first of a board. */
export const leaderboardHandler = Effect.map(Effect.all([Leaderboards, inReadSlot]), ([leaderboards, inSlot]) =>
  Effect.fnUntraced(
    function*({ params: { board }, query: { limit = "100", ...query }, request }: TopRequest) {
      const selection = yield* selectionOf(board, query)
      const consistency = yield* consistencyOf(request, query.consistency)
      const document = yield* leaderboards.top(yield* CurrentTenant, selection, { limit: Number(limit), consistency })
      return yield* conditionalJson(request, document)
    },
    inSlot,
    Effect.catchTags(readingProblems)
  ))

/** Where a user stands. */
export const leaderboardPlaceHandler = Effect.map(Effect.all([Leaderboards, inReadSlot]), ([leaderboards, inSlot]) =>
  Effect.fnUntraced(
    function*({ params: { board, user_id }, query: { neighbours = "3", ...query }, request }: PlaceRequest) {
      const selection = yield* selectionOf(board, query)
      const consistency = yield* consistencyOf(request, query.consistency)
      const options = { neighbours: Number(neighbours), consistency }
      const place = yield* leaderboards.place(yield* CurrentTenant, selection, user_id, options)
      return place === undefined ? yield* new Problems.UserNotOnLeaderboard({}) : yield* conditionalJson(request, place)
    },
    inSlot,
    Effect.catchTags(readingProblems)
  ))

const selectionOf = (board: Board, { currency, date, period = "all" }: Query): Effect.Effect<BoardSelection, Problems.InvalidRequest> => {
  const { hasCurrency, periods } = ruleOf(board)
  if (!periods.includes(period)) return Effect.fail(badQuery("period", `${board} has only ${periods.join(", ")}.`))
  if (hasCurrency && currency === undefined) return Effect.fail(badQuery("currency", `${board} has one board for each.`))
  if (!hasCurrency && currency !== undefined) return Effect.fail(badQuery("currency", `${board} has none.`))
  return Effect.succeed({ board, period, day: date, currency: currency ?? null })
}
