import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { type Board, type Period, ruleOf } from "../projections/catalog/rules/boards.ts"
import { byRank, type RankedUser } from "../projections/tables/readRanking.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { upperCase } from "../values/asciiCase.ts"
import { formatDay } from "../values/dayRuns.ts"
import type { UserId } from "../values/UserId.ts"
import type { Calendar } from "../values/zones/Calendar.ts"
import { type BoardPart, type BoardReading, type BoardReadings, hasDays } from "./BoardParts.ts"
import type { BoardSelection } from "./boardSelection.ts"
import { type Consistency, ProjectionBehind } from "./ConsistentReads.ts"

/**
 * A place on a board.
 *
 * Ranks begin at 1, and no two users share one. `reached_at` is a time, or a date if the score is a
 * streak of dates.
 */
export interface LeaderboardEntry {
  readonly rank: number
  readonly user_id: UserId
  readonly score: number | string
  readonly reached_at: string
}

/**
 * The board and its period.
 *
 * Both dates are included. They are null for a period over all times.
 */
interface LeaderboardHead {
  readonly board: Board
  readonly period: Period
  readonly currency: string | null
  readonly period_start: string | null
  readonly period_end: string | null
  readonly time_zone: string
  /** How many users are on the board. */
  readonly user_count: number
  /**
   * For each projection, a number that changes when the score of any user changes without an event.
   */
  readonly generations: Readonly<Record<string, number>>
  readonly stale?: ReadonlyArray<string>
}

/** The first users of a board (docs/design.md#reading). */
export interface LeaderboardDocument extends LeaderboardHead {
  readonly entries: ReadonlyArray<LeaderboardEntry>
}

/** A user's place on a board, and the places right above and below, in the order of the board. */
export interface LeaderboardPlace extends LeaderboardHead, LeaderboardEntry {
  readonly above: ReadonlyArray<LeaderboardEntry>
  readonly below: ReadonlyArray<LeaderboardEntry>
}

/** The databases that have the users of a tenant: each user is in one of them. */
export interface BoardSources {
  /** Reads all of them side by side. */
  readonly all: <A>(tenant: Tenant, read: (boards: BoardReadings) => BoardReading<A>) => BoardReading<ReadonlyArray<A>>
  /**
   * Reads the one that has a user, and then the others with what the first has found. It reads no
   * others if the first has found nothing.
   */
  readonly fromUser: <A, B>(
    tenant: Tenant,
    userId: UserId,
    read: {
      readonly own: (boards: BoardReadings) => BoardReading<A | undefined>
      readonly other: (boards: BoardReadings, own: A) => BoardReading<B>
    }
  ) => BoardReading<readonly [own: A, ...others: ReadonlyArray<B>] | undefined>
}

/** The leaderboards of a tenant. */
export class Leaderboards extends Context.Service<Leaderboards, {
  /**
   * The best users of a board. Ties are in the order in which the users reached the score.
   *
   * It fails as readings of `BoardParts` do. `ProjectionBehind` comes also while another zone
   * or another version is in some of the databases and not in all, and at the end of a split.
   */
  readonly top: (
    tenant: Tenant,
    selection: BoardSelection,
    options: { readonly limit: number; readonly consistency: Consistency }
  ) => BoardReading<LeaderboardDocument>
  /**
   * A user's place; undefined for a user who is not on the board.
   *
   * `neighbours` is the number of places above, and of places below. It fails as `top` does.
   */
  readonly place: (
    tenant: Tenant,
    selection: BoardSelection,
    options: { readonly userId: UserId; readonly neighbours: number; readonly consistency: Consistency }
  ) => BoardReading<LeaderboardPlace | undefined>
}>()("playtally/counters/Leaderboards") {}

/**
 * The leaderboards over some databases.
 *
 * A user who is among the first n of all is among the first n of one. So the first n of each are
 * enough, and the same goes for neighbours. Ranks are counted: a user's rank is 1 and the users
 * before that place in each database. Each database is read at one moment of its own.
 */
export const leaderboardsOver = (sources: BoardSources): Leaderboards["Service"] =>
  Leaderboards.of({
    top: Effect.fn("Leaderboards.top")(function*(tenant, selection, { consistency, limit }) {
      const now = yield* Clock.currentTimeMillis
      const parts = yield* sources.all(tenant, (boards) => boards.first(tenant, { ...selection, now, consistency }, limit))
      const { calendar, head } = yield* joined(selection, parts)
      const users = merged(parts.map(({ first }) => first), byRank).slice(0, limit)
      return { ...head, entries: users.map((user, index) => entryOf(selection.board, calendar, user, index + 1)) }
    }),
    place: Effect.fn("Leaderboards.place")(function*(tenant, selection, { consistency, neighbours, userId }) {
      const now = yield* Clock.currentTimeMillis
      const parts = yield* sources.fromUser(tenant, userId, {
        own: (boards) => boards.ofUser(tenant, { ...selection, now, consistency }, { userId, neighbours }),
        other: (boards, { own }) =>
          Effect.flatMap(Clock.currentTimeMillis, (then) =>
            boards.ofPlace(tenant, { ...selection, now, consistency: leftOf(consistency, then - now) }, { place: own, neighbours }))
      })
      if (parts === undefined) {
        return undefined
      }
      const { calendar, head: { stale, ...board } } = yield* joined(selection, parts)
      const rank = 1 + sumOf(parts, (part) =>
        part.ahead)
      const entry = (user: RankedUser, rank: number) => entryOf(selection.board, calendar, user, rank)
      const above = merged(parts.map(({ above }) => above), (a, b) => byRank(b, a)).slice(0, neighbours)
      const below = merged(parts.map(({ below }) => below), byRank).slice(0, neighbours)
      return {
        ...board,
        ...entry(parts[0].own, rank),
        above: above.map((user, index) => entry(user, rank - 1 - index)).toReversed(),
        below: below.map((user, index) => entry(user, rank + 1 + index)),
        ...stale === undefined ? {} : { stale }
      }
    })
  })

/** What is left of the time of a strong read after some milliseconds. */
const leftOf = (consistency: Consistency, gone: number): Consistency =>
  consistency._tag === "Eventual"
    ? consistency
    : { ...consistency, waitSeconds: Math.max(0, Math.ceil(consistency.waitSeconds - gone / 1000)) }

/** Some lists of users, each in order, as one. */
const merged = (
  lists: ReadonlyArray<ReadonlyArray<RankedUser>>,
  order: (a: RankedUser, b: RankedUser) => number
): ReadonlyArray<RankedUser> => lists.length === 1 ? lists.flat() : lists.flat().sort(order)

const sumOf = <A>(parts: ReadonlyArray<A>, number: (part: A) => number): number => parts.reduce((sum, part) => sum + number(part), 0)

/** What a board says over its users, and the calendar of its dates. */
const joined = (
  { board, currency, period }: BoardSelection,
  parts: ReadonlyArray<BoardPart>
): Effect.Effect<{ readonly head: LeaderboardHead; readonly calendar: Calendar }, ProjectionBehind> => {
  const [first] = parts
  // Scores of two versions, or of two calendars, cannot be compared.
  if (first === undefined || parts.some((part) => !isComparable({ board, period }, first, part))) {
    return Effect.fail(new ProjectionBehind({ waited: 0 }))
  }
  const stale = [...new Set(parts.flatMap(({ stale }) => stale))]
  // Each number only grows. So their sum is another one when any of them is.
  const generations = Object.keys(first.generations).map((name) => [name, sumOf(parts, ({ generations }) => generations[name] ?? 0)])
  return Effect.succeed({
    calendar: first.calendar,
    head: {
      board,
      period,
      currency: currency === null ? null : upperCase(currency),
      period_start: first.dates?.[0] ?? null,
      period_end: first.dates?.[1] ?? null,
      time_zone: first.timeZone,
      user_count: sumOf(parts, ({ userCount }) => userCount),
      generations: Object.fromEntries(generations),
      ...stale.length > 0 ? { stale } : {}
    }
  })
}

const isComparable = ({ board, period }: Pick<BoardSelection, "board" | "period">, a: BoardPart, b: BoardPart): boolean =>
  a.version === b.version && (!hasDays({ board, period }) || a.timeZone === b.timeZone) &&
  (period !== "week" || a.weekStart === b.weekStart)

const millisecondsOfDay = 86_400_000

const entryOf = (board: Board, calendar: Calendar, { reachedAt, score, userId }: RankedUser, rank: number): LeaderboardEntry => {
  const reached = new Date(reachedAt).toISOString()
  return {
    rank,
    user_id: userId,
    score: ruleOf(board).scoreIs === "count" ? Number(score) : score,
    // The rows have the place of the date in the row of dates that the zone had.
    reached_at: board === "login_streak" ? formatDay(calendar.dayAt(Math.floor(reachedAt / millisecondsOfDay))) : reached
  }
}
