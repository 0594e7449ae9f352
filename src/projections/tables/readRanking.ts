import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { compareDecimals } from "../../values/decimalArithmetic.ts"
import { known } from "../../values/known.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import type { ProjectionStore } from "./ProjectionStore.ts"
import type { AroundSql } from "./rankingTables.ts"

/**
 * A user in a ranking: the score as canonical decimal text, when it was reached in epoch
 * milliseconds.
 */
export interface RankedUser {
  readonly userId: UserId
  readonly score: string
  readonly reachedAt: number
}

/** A user with the number of users before. */
export interface Standing extends RankedUser {
  readonly ahead: number
}

/** The users around one place of a key, in the caller's transaction, if there is one. */
export interface PlaceReader {
  /** The user of the place; undefined for one who is not there, or if the key has no users. */
  readonly standing: Effect.Effect<Standing | undefined, SqlError.SqlError>
  /** Up to `limit` users right before and right after it, the nearest first. */
  readonly before: (limit: number) => Effect.Effect<ReadonlyArray<RankedUser>, SqlError.SqlError>
  readonly after: (limit: number) => Effect.Effect<ReadonlyArray<RankedUser>, SqlError.SqlError>
}

/**
 * The users of one key of a tenant, in order. Each method reads in the caller's transaction, if
 * there is one.
 */
export interface RankingReader {
  readonly count: Effect.Effect<number, SqlError.SqlError>
  /** The first `limit`, in order. */
  readonly first: (limit: number) => Effect.Effect<ReadonlyArray<RankedUser>, SqlError.SqlError>
  readonly ofUser: (userId: UserId) => PlaceReader
  /** The place of a user who is not here. */
  readonly ofPlace: (user: RankedUser) => PlaceReader
}

/** The order of a ranking: the very one of its index (see `rankingTables.ts`). */
export const byRank = (a: RankedUser, b: RankedUser): number =>
  compareDecimals(b.score, a.score) || a.reachedAt - b.reachedAt || compareUtf8(a.userId, b.userId)

interface Row {
  readonly user_id: UserId
  readonly score: string
  readonly reached_at: Date
}

const toUser = (row: Row): RankedUser => ({ userId: row.user_id, score: row.score, reachedAt: row.reached_at.getTime() })

/**
 * Reads the ranking of a key, in the order of its parts. The version has to be one that ranks
 * users.
 */
export const readRanking = (
  sql: PgClient.PgClient,
  { projection, tables: { ranking } }: ProjectionStore,
  tenantId: TenantId,
  key: ReadonlyArray<string>
): RankingReader => {
  if (ranking === undefined) throw new Error(`${projection.name} ranks no users`)
  const users = (text: string, ...parameters: ReadonlyArray<unknown>) =>
    Effect.map(sql.unsafe<Row>(text, [tenantId, ...key, ...parameters]), (rows) => rows.map(toUser))
  const around = ({ after, before, standing }: AroundSql, ...place: ReadonlyArray<unknown>): PlaceReader => ({
    standing: Effect.map(
      sql.unsafe<Row & { ahead: bigint }>(standing, [tenantId, ...key, ...place]),
      ([row]) => row === undefined ? undefined : { ...toUser(row), ahead: Number(row.ahead) }
    ),
    before: (limit) => users(before, ...place, limit),
    after: (limit) => users(after, ...place, limit)
  })
  return {
    count: Effect.map(
      sql.unsafe<{ users: bigint }>(ranking.count, [tenantId, ...key]),
      ([row]) => Number(known(row, "row of a sum").users)
    ),
    first: (limit) => users(ranking.first, limit),
    ofUser: (userId) => around(ranking.ofUser, userId),
    ofPlace: ({ reachedAt, score, userId }) => around(ranking.ofPlace, score, new Date(reachedAt), userId)
  }
}

/**
 * How many buckets of a version have a wrong number of users. It is 0 unless there is a defect, for
 * every change keeps the counts in its own transaction.
 */
export const wrongBuckets = (sql: PgClient.PgClient, { tables: { ranking } }: ProjectionStore): Effect.Effect<number, SqlError.SqlError> =>
  ranking === undefined ? Effect.succeed(0) : sql.withTransaction(
    // It counts all users, which may take minutes.
    Effect.andThen(
      sql`set local statement_timeout = 0`,
      Effect.map(
        sql.unsafe<{ wrong: bigint }>(`select count(*) as wrong from (${ranking.wrong}) as w`),
        ([row]) => Number(known(row, "row of a count").wrong)
      )
    )
  )
