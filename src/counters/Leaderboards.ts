import { PgClient } from "@effect/sql-pg"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlError } from "effect/sql"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { leaderboards } from "../projections/catalog/leaderboards.ts"
import { type Board, datesOf, type Period, ruleOf } from "../projections/catalog/rules/boards.ts"
import { sportsLeaderboards } from "../projections/catalog/sportsLeaderboards.ts"
import { type RankedUser, type RankingReader, readRanking } from "../projections/tables/readRanking.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { upperCase } from "../values/asciiCase.ts"
import { formatDay } from "../values/dayRuns.ts"
import type { UserId } from "../values/UserId.ts"
import type { Calendar } from "../values/zones/Calendar.ts"
import { type Consistency, ConsistentReads, ProjectionBehind, type ProjectionFailing, type ProjectionParked } from "./ConsistentReads.ts"
import { ProjectionNotBuilt } from "./ProjectionNotBuilt.ts"
import type { TooManyReads } from "./ReadShares.ts"

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
  /** For each projection, when the score of any user last changed without an event. */
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

/** A request for a board. */
export interface BoardSelection {
  readonly board: Board
  readonly period: Period
  /** A date of the period in days since 1970-01-01. Undefined for today in the tenant's zone. */
  readonly day: number | undefined
  /** In letters of any case; null if the board has none. */
  readonly currency: string | null
}

type Reading<A> = Effect.Effect<
  A,
  ProjectionBehind | ProjectionNotBuilt | ProjectionParked | ProjectionFailing | TooManyReads | DatabaseUnavailable
>

/** The leaderboards of a tenant. */
export class Leaderboards extends Context.Service<Leaderboards, {
  /**
   * The best users of a board. Ties are in the order in which the users reached the score.
   *
   * It fails with `ProjectionNotBuilt` if the projection of the board must be rebuilt for the first
   * time, and with the errors of {@link ConsistentReads}. `ProjectionBehind` comes also where
   * another process has activated a version that this code does not know.
   */
  readonly top: (
    tenant: Tenant,
    selection: BoardSelection,
    options: { readonly limit: number; readonly consistency: Consistency }
  ) => Reading<LeaderboardDocument>
  /**
   * A user's place; undefined for a user who is not on the board.
   *
   * `neighbours` is the number of places above, and of places below. It fails as `top` does.
   */
  readonly place: (
    tenant: Tenant,
    selection: BoardSelection,
    options: { readonly userId: UserId; readonly neighbours: number; readonly consistency: Consistency }
  ) => Reading<LeaderboardPlace | undefined>
}>()("playtally/counters/Leaderboards") {
  static readonly layer = Layer.effect(
    Leaderboards,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const reads = yield* ConsistentReads

      const read = <A>(
        tenant: Tenant,
        { board, consistency, currency, day, period }: BoardSelection & { readonly consistency: Consistency },
        rows: (ranking: RankingReader, head: LeaderboardHead, entry: EntryOf) => Effect.Effect<A, SqlError.SqlError>
      ) =>
        reads.read(
          tenant,
          { userIds: [], projections: [projectionOf(board).name], consistency, everybody: true },
          Effect.fnUntraced(function*({ generationsOf, stale, stores: [store], unbuilt }) {
            if (unbuilt.length > 0) return yield* new ProjectionNotBuilt({ projections: unbuilt })
            // Another process has activated a version that this code does not know.
            if (store === undefined) return yield* new ProjectionBehind({ waited: 0 })
            const [settings] = yield* sql<{ time_zone: string; week_start: number; days_move: boolean; weeks_move: boolean }>`
              select time_zone, week_start,
                exists (select from time_zone_moves m where m.tenant_id = t.tenant_id and m.time_zone <> t.time_zone) as days_move,
                exists (select from time_zone_moves m where m.tenant_id = t.tenant_id) as weeks_move
              from tenants t where tenant_id = ${tenant.tenantId}::uuid`
            // While the tenant's zone or first day of the week is being changed, some users' days
            // or weeks are the former ones: they cannot be compared.
            const hasDays = period !== "all" || board === "login_streak"
            if (
              settings === undefined || (hasDays && settings.days_move) || (period === "week" && settings.weeks_move)
            ) return yield* new ProjectionBehind({ waited: 0 })
            const calendar = store.projection.zones.calendar(settings.time_zone)
            const today = calendar.day(yield* Clock.currentTimeMillis)
            const dates = datesOf(day ?? today, period, settings.week_start)
            const [period_start, period_end] = dates === null ? [null, null] : dates.map(formatDay)
            const ranking = readRanking(sql, store, tenant.tenantId, [
              board,
              period,
              period_start ?? "",
              upperCase(currency ?? "")
            ])
            return yield* rows(ranking, {
              board,
              period,
              currency: currency === null ? null : upperCase(currency),
              period_start: period_start ?? null,
              period_end: period_end ?? null,
              time_zone: settings.time_zone,
              user_count: yield* ranking.count,
              generations: generationsOf(),
              ...stale.length > 0 ? { stale } : {}
            }, entryOf(board, calendar))
          })
        )

      return Leaderboards.of({
        top: Effect.fn("Leaderboards.top")((tenant, selection, { consistency, limit }) =>
          read(tenant, { ...selection, consistency }, (ranking, head, entry) =>
            Effect.map(ranking.first(limit), (users) => ({
              ...head,
              entries: users.map((user, index) => entry(user, index + 1))
            })))
        ),
        place: Effect.fn("Leaderboards.place")((tenant, selection, { consistency, neighbours, userId }) =>
          read(
            tenant,
            { ...selection, consistency },
            Effect.fnUntraced(function*(ranking, head, entry) {
              const own = yield* ranking.standing(userId)
              if (own === undefined) return undefined
              const above = yield* ranking.before(userId, neighbours)
              const below = yield* ranking.after(userId, neighbours)
              const { stale, ...board } = head
              return {
                ...board,
                ...entry(own, own.rank),
                above: above.map((user, index) => entry(user, own.rank - 1 - index)).toReversed(),
                below: below.map((user, index) => entry(user, own.rank + 1 + index)),
                ...stale === undefined ? {} : { stale }
              }
            })
          )
        )
      })
    })
  )
}

const millisecondsOfDay = 86_400_000

const projectionOf = (board: Board) => board === "sports_turnover" ? sportsLeaderboards : leaderboards

type EntryOf = (user: RankedUser, rank: number) => LeaderboardEntry

const entryOf = (board: Board, calendar: Calendar): EntryOf => ({ reachedAt, score, userId }, rank) => {
  const reached = new Date(reachedAt).toISOString()
  return {
    rank,
    user_id: userId,
    score: ruleOf(board).scoreIs === "count" ? Number(score) : score,
    // The rows have the place of the date in the row of dates that the zone had.
    reached_at: board === "login_streak" ? formatDay(calendar.dayAt(Math.floor(reachedAt / millisecondsOfDay))) : reached
  }
}
