import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { known } from "../../values/known.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import type { ProjectionStore } from "./ProjectionStore.ts"

/**
 * A user in a ranking: the score as canonical decimal text, when it was reached in epoch
 * milliseconds.
 */
export interface RankedUser {
  readonly userId: UserId
  readonly score: string
  readonly reachedAt: number
}

/**
 * The users of one key of a tenant, in order. Each method reads in the caller's transaction, if
 * there is one.
 */
export interface RankingReader {
  readonly count: Effect.Effect<number, SqlError.SqlError>
  /** The first `limit`, in order. */
  readonly first: (limit: number) => Effect.Effect<ReadonlyArray<RankedUser>, SqlError.SqlError>
  /** A user with the rank, from 1 on; undefined for one who is not there. */
  readonly standing: (userId: UserId) => Effect.Effect<RankedUser & { readonly rank: number } | undefined, SqlError.SqlError>
  /** Up to `limit` users right before and right after one, the nearest first. */
  readonly before: (userId: UserId, limit: number) => Effect.Effect<ReadonlyArray<RankedUser>, SqlError.SqlError>
  readonly after: (userId: UserId, limit: number) => Effect.Effect<ReadonlyArray<RankedUser>, SqlError.SqlError>
}

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
  return {
    count: Effect.map(
      sql.unsafe<{ users: bigint }>(ranking.count, [tenantId, ...key]),
      ([row]) => Number(known(row, "row of a sum").users)
    ),
    first: (limit) => users(ranking.first, limit),
    standing: (userId) =>
      Effect.map(
        sql.unsafe<Row & { rank: bigint }>(ranking.standing, [tenantId, ...key, userId]),
        ([row]) => row === undefined ? undefined : { ...toUser(row), rank: Number(row.rank) }
      ),
    before: (userId, limit) => users(ranking.before, userId, limit),
    after: (userId, limit) => users(ranking.after, userId, limit)
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
