import { PgClient } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlError } from "effect/sql"
import type { DatabaseUnavailable } from "../database/DatabaseUnavailable.ts"
import { sliceMoved } from "../event-log/EventLogError.ts"
import { sliceOf } from "../event-log/sliceOf.ts"
import type { SliceRange } from "../event-log/statements/servedSlices.ts"
import { leaderboards } from "../projections/catalog/leaderboards.ts"
import { type Board, datesOf } from "../projections/catalog/rules/boards.ts"
import { sportsLeaderboards } from "../projections/catalog/sportsLeaderboards.ts"
import { readHalfRanking } from "../projections/tables/readHalfRanking.ts"
import { type RankedUser, type RankingReader, readRanking, type Standing } from "../projections/tables/readRanking.ts"
import { hasCounts } from "../projections/tables/splitCounts.ts"
import type { Tenant } from "../tenants/Tenant.ts"
import { upperCase } from "../values/asciiCase.ts"
import { formatDay } from "../values/dayRuns.ts"
import { known } from "../values/known.ts"
import type { TenantId } from "../values/TenantId.ts"
import type { UserId } from "../values/UserId.ts"
import type { Calendar } from "../values/zones/Calendar.ts"
import type { BoardSelection } from "./boardSelection.ts"
import { type Consistency, ConsistentReads, ProjectionBehind, type ProjectionFailing, type ProjectionParked } from "./ConsistentReads.ts"
import { ProjectionNotBuilt } from "./ProjectionNotBuilt.ts"
import type { TooManyReads } from "./ReadShares.ts"

/** What is true of the users of one database who are on a board. */
export interface BoardPart {
  /** The version of the projection that the scores are of. */
  readonly version: number
  /** The tenant's calendar, by which the dates are. */
  readonly timeZone: string
  readonly weekStart: number
  readonly calendar: Calendar
  /** The first and the last date of the period; null for all times. */
  readonly dates: readonly [first: string, last: string] | null
  /** How many of the users are on the board. */
  readonly userCount: number
  readonly generations: Readonly<Record<string, number>>
  /** The projections in which any of the users is parked. */
  readonly stale: ReadonlyArray<string>
}

/** The first users of a board in one database, in order. */
export interface FirstUsers extends BoardPart {
  readonly first: ReadonlyArray<RankedUser>
}

/** A place of a board in one database: how many users are before it, and the nearest ones. */
export interface PlacePart extends BoardPart {
  readonly ahead: number
  /** The nearest first. */
  readonly above: ReadonlyArray<RankedUser>
  readonly below: ReadonlyArray<RankedUser>
}

/** The place of a user of the database itself. */
export interface OwnPlace extends PlacePart {
  readonly own: RankedUser
}

/** A request for a board at a moment, which says what today is. */
export interface BoardAt extends BoardSelection {
  /** Epoch milliseconds. */
  readonly now: number
  readonly consistency: Consistency
}

/** A reading of a board, and why there is none: see {@link BoardParts}. */
export type BoardReading<A> = Effect.Effect<
  A,
  ProjectionBehind | ProjectionNotBuilt | ProjectionParked | ProjectionFailing | TooManyReads | DatabaseUnavailable
>

/** The readings of {@link BoardParts}. */
export interface BoardReadings {
  readonly first: (tenant: Tenant, board: BoardAt, limit: number) => BoardReading<FirstUsers>
  /**
   * The place of a user, with up to `neighbours` users on each side; undefined for a user who is
   * not on the board.
   */
  readonly ofUser: (
    tenant: Tenant,
    board: BoardAt,
    options: { readonly userId: UserId; readonly neighbours: number }
  ) => BoardReading<OwnPlace | undefined>
  /** The same around the place of a user of another database. */
  readonly ofPlace: (
    tenant: Tenant,
    board: BoardAt,
    options: { readonly place: RankedUser; readonly neighbours: number }
  ) => BoardReading<PlacePart>
}

/**
 * The boards of one database: the users that it has of a tenant, each reading at one moment.
 *
 * At the end of a split a database still has users of the other one. `half` then reads those of
 * some slices alone. Numbers of users are right together with those of the other database.
 *
 * A reading fails with `ProjectionNotBuilt` if the projection of the board must be rebuilt for the
 * first time, and with the errors of {@link ConsistentReads}. `ProjectionBehind` comes also while
 * the tenant's zone is being changed, and where another process has activated a version that this
 * code does not know.
 */
export class BoardParts extends Context.Service<
  BoardParts,
  BoardReadings & {
    /**
     * The boards of the users of some slices, in one of the two databases of a split. It fails with
     * an error of which `isMoved` says that the directory is to be read again, if the database does
     * not know what it has to subtract: not yet, or no more.
     */
    readonly half: (slices: SliceRange) => BoardReadings
  }
>()("playtally/counters/BoardParts") {
  static readonly layer = Layer.effect(
    BoardParts,
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      const reads = yield* ConsistentReads

      const read = (half: SliceRange | undefined) =>
      <A>(
        tenant: Tenant,
        { board, consistency, currency, day, now, period }: BoardAt,
        rows: (ranking: RankingReader, part: BoardPart) => Effect.Effect<A, SqlError.SqlError>
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
            if (
              settings === undefined || (hasDays({ board, period }) && settings.days_move) || (period === "week" && settings.weeks_move)
            ) return yield* new ProjectionBehind({ waited: 0 })
            const calendar = store.projection.zones.calendar(settings.time_zone)
            const days = datesOf(day ?? calendar.day(now), period, settings.week_start)
            const dates = days === null ? null : [formatDay(days[0]), formatDay(days[1])] as const
            const key = [board, period, dates?.[0] ?? "", upperCase(currency ?? "")]
            const { tenantId } = tenant
            if (half !== undefined && !(yield* hasCounts(sql, known(store.tables.ranking, "ranking").name))) {
              return yield* sliceMoved
            }
            const ranking = half === undefined
              ? readRanking(sql, store, tenantId, key)
              : readHalfRanking(sql, store, { tenantId, key, isOwn: isWithin(half, tenantId) })
            return yield* rows(ranking, {
              version: store.projection.version,
              timeZone: settings.time_zone,
              weekStart: settings.week_start,
              calendar,
              dates,
              userCount: yield* ranking.count,
              generations: generationsOf(),
              stale
            })
          })
        )

      const readings = (half?: SliceRange): BoardReadings => ({
        first: (tenant, board, limit) =>
          read(half)(tenant, board, (ranking, part) => Effect.map(ranking.first(limit), (first) => ({ ...part, first }))),
        ofUser: (tenant, board, { neighbours, userId }) =>
          read(half)(
            tenant,
            board,
            Effect.fnUntraced(function*(ranking, part) {
              const { after, before, standing } = ranking.ofUser(userId)
              const own: Standing | undefined = yield* standing
              if (own === undefined) return undefined
              return { ...part, own, ahead: own.ahead, above: yield* before(neighbours), below: yield* after(neighbours) }
            })
          ),
        ofPlace: (tenant, board, { neighbours, place }) =>
          read(half)(
            tenant,
            board,
            Effect.fnUntraced(function*(ranking, part) {
              const { after, before, standing } = ranking.ofPlace(place)
              const ahead = (yield* standing)?.ahead ?? 0
              return { ...part, ahead, above: yield* before(neighbours), below: yield* after(neighbours) }
            })
          )
      })
      return BoardParts.of({ ...readings(), half: readings })
    })
  )
}

const isWithin = ({ first, last }: SliceRange, tenantId: TenantId) => (userId: UserId): boolean => {
  const slice = sliceOf(tenantId, userId)
  return first <= slice && slice <= last
}

const projectionOf = (board: Board) => board === "sports_turnover" ? sportsLeaderboards : leaderboards

/** Whether a board depends on the days of the tenant's zone. */
export const hasDays = ({ board, period }: Pick<BoardSelection, "board" | "period">): boolean =>
  period !== "all" || board === "login_streak"
