import * as Schema from "effect/Schema"
import { compareUtf8 } from "../../../values/compareUtf8.ts"
import { formatDay } from "../../../values/dayRuns.ts"
import { Count, Decimal, Time } from "../../../values/jsonValues.ts"
import { type Granularity, periodOf } from "../../../values/period.ts"
import type { FoldContext, WithCalendar } from "../../projection/FoldContext.ts"

/** What a board is for. Scores that are counts are shown as numbers, others as decimals. */
interface BoardRule {
  readonly description: string
  readonly scoreIs: "count" | "amount"
  /** Whether there is one per currency. */
  readonly hasCurrency: boolean
  readonly periods: ReadonlyArray<Period>
}

/** What a board goes over. `all` is everything there ever was. */
export type Period = Granularity | "all"

/** The periods, the shortest first. */
export const periods: ReadonlyArray<Period> = ["day", "week", "month", "all"]
const perCurrency = { hasCurrency: true, periods } as const

/**
 * The boards (docs/design.md#leaderboards). A user is on a board with the first event that has an
 * effect on the score there: a bet of 0 has none, a bet and its rollback leave a score of 0. Of
 * equal scores the one that was reached first is ahead, by the greatest timestamp of an event with
 * an effect on it; then the user_id decides.
 */
export const boards = {
  casino_turnover: {
    ...perCurrency,
    scoreIs: "amount",
    description: "Casino bets less rolled back bets, a rollback in its own period (net_bet_amount)"
  },
  round_turnover: { ...perCurrency, scoreIs: "amount", description: "Bets of game rounds" },
  round_wins: { ...perCurrency, scoreIs: "count", description: "Game rounds that won more than 0" },
  biggest_multiplier: { ...perCurrency, scoreIs: "amount", description: "Greatest win ÷ bet of a game round, reached when it first came" },
  sports_turnover: {
    ...perCurrency,
    scoreIs: "amount",
    description: "Stakes of sports bets that were approved and not rolled back, in the period of the approval"
  },
  login_streak: {
    scoreIs: "count",
    hasCurrency: false,
    periods: ["all"],
    description: "Most consecutive dates with a login, reached on the date of the last of them"
  }
} as const satisfies Record<string, BoardRule>

export type Board = keyof typeof boards

/** The boards' names. */
export const boardNames = Object.keys(boards) as ReadonlyArray<Board>

/** The rule of a board, its own type forgotten. */
export const ruleOf = (board: Board): BoardRule => boards[board]

/**
 * The key of a board's totals: `start` is the first date of the period, empty for `all`; `currency`
 * is empty where the board has none.
 */
export const boardKey = ["board", "period", "start", "currency"] as const

/**
 * The first and the last date of the period that a date is in; null for `all`. Days since
 * 1970-01-01.
 */
export const datesOf = (day: number, period: Period, weekStart: number): readonly [first: number, last: number] | null =>
  period === "all" ? null : periodOf(day, period, weekStart)

/** The periods an instant is in, as parts of the key. */
export const periodsOf = (instant: number, { calendar, weekStart = 1 }: FoldContext & WithCalendar): ReadonlyArray<PeriodKey> => {
  const day = calendar.day(instant)
  const id = day * 8 + weekStart
  const known = knownPeriods.get(id)
  if (known !== undefined) return known
  const found = periods.map((period) => {
    const dates = datesOf(day, period, weekStart)
    return { period, start: dates === null ? "" : formatDay(dates[0]) }
  })
  if (knownPeriods.size >= maxKnown) knownPeriods.clear()
  knownPeriods.set(id, found)
  return found
}

interface PeriodKey {
  readonly period: Period
  readonly start: string
}

// By day and first day of the week. Each event is in four periods, and nearly all in the same few.
const maxKnown = 1024
const knownPeriods = new Map<number, ReadonlyArray<PeriodKey>>()

/** A user's score on a board, without the rank. */
interface Standing extends Readonly<Record<(typeof boardKey)[number], string>> {
  readonly score: string | number
  readonly reached_at: string
}

/** The section of ranked totals: all the standings of one user. */
export const standingsSchema = Schema.Array(Schema.Struct({
  board: Schema.Literals(boardNames),
  period: Schema.Literals(periods),
  start: Schema.String,
  currency: Schema.String,
  score: Schema.Union([Count, Decimal]),
  reached_at: Schema.Union([Time, Schema.String])
}))

/** Standings in the order of their keys. */
export const inOrder = (standings: ReadonlyArray<Standing>): ReadonlyArray<Standing> =>
  standings.toSorted((a, b) => boardKey.map((key) => compareUtf8(a[key], b[key])).find((order) => order !== 0) ?? 0)
