import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { boardSelection } from "../../counters/boardSelection.ts"
import { Currency } from "../../fasttrack/Text.ts"
import { type Board, boardNames, boards, type Period, periods } from "../../projections/catalog/rules/boards.ts"
import { Count, Decimal, Time } from "../../values/jsonValues.ts"
import { badQuery } from "../problems/requests.ts"
import { Day, DayText } from "./Day.ts"
import { Generations, TimeZone } from "./document.ts"
import { consistency, consistencyOf } from "./parameters.ts"

/* What the two endpoints of leaderboards share. */

/** A user on a board. */
export const entry = {
  rank: Schema.Natural.annotate({ description: "From 1 on; no two users share one" }),
  user_id: Schema.String,
  score: Schema.Union([Count, Decimal]).annotate({
    description: `A number on ${boardNames.filter((name) => boards[name].scoreIs === "count").join(" and ")}, a decimal on the others`
  }),
  reached_at: Schema.Union([Time, DayText]).annotate({
    description: "Of users with equal scores the one who reached it first is ahead. A date on login_streak, a time on the others."
  })
}
/** The same as a schema. */
export const Entry = Schema.Struct(entry).annotate({ identifier: "LeaderboardEntry" })

/** Which board it is. */
export const head = {
  board: Schema.Literals(boardNames),
  period: Schema.Literals(periods),
  currency: Schema.NullOr(Schema.String).annotate({ description: "Upper-cased; null where the board has none" }),
  period_start: Schema.NullOr(DayText).annotate({ description: "The first date of the period; null for all" }),
  period_end: Schema.NullOr(DayText).annotate({ description: "The last date of the period; null for all" }),
  time_zone: TimeZone,
  user_count: Count.annotate({ description: "How many users are on the board" }),
  generations: Generations
}
/** Set if numbers stand still. */
export const stale = Schema.optionalKey(Schema.Array(Schema.String)).annotate({
  description: "Set if the board stopped at an event of one of the users"
})

/** The parameters that choose a board and a period. */
export const params = { board: Schema.Literals(boardNames).annotate({ description: "What is compared", examples: ["casino_turnover"] }) }
export const query = {
  period: Schema.optionalKey(Schema.Literals(periods)),
  date: Schema.optionalKey(Day),
  currency: Schema.optionalKey(Currency),
  consistency
}
export const queryDetails = {
  period: {
    description: "Weeks begin on the tenant's first day of the week. login_streak goes over all times only.",
    schema: { type: "string", enum: periods, default: "all" }
  },
  date: { description: "Any date of the period; today unless given. Of no consequence for all." },
  currency: { description: "In either case. Needed but for login_streak, which has none.", example: "EUR" }
}

/** The board that a request asks for, and how consistent it must be. */
export const boardOf = Effect.fnUntraced(function*(asked: {
  readonly params: { readonly board: Board }
  readonly query: {
    readonly period?: Period
    /** Days since 1970-01-01. */
    readonly date?: number
    readonly currency?: string
    readonly consistency?: "strong" | "eventual"
  }
  readonly request: HttpServerRequest.HttpServerRequest
}) {
  const { board } = asked.params
  const { consistency, currency, date, period = "all" } = asked.query
  const selection = boardSelection({ board, period, day: date, currency })
  if (Result.isFailure(selection)) return yield* badQuery(selection.failure.part, selection.failure.message)
  return { selection: selection.success, consistency: yield* consistencyOf(asked.request, consistency) }
})
