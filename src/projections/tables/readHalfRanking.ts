import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { known } from "../../values/known.ts"
import type { TenantId } from "../../values/TenantId.ts"
import type { UserId } from "../../values/UserId.ts"
import type { ProjectionStore } from "./ProjectionStore.ts"
import { type PlaceReader, type RankedUser, type RankingReader, readRanking } from "./readRanking.ts"
import { othersOfKey } from "./splitCounts.ts"

type Users = Effect.Effect<ReadonlyArray<RankedUser>, SqlError.SqlError>

/**
 * Reads the ranking of a key in one database of a split, which still has users of the other one.
 *
 * Users are the database's own. A number is right together with that of the other database, which
 * is read in the same way: it may be negative. See `splitCounts.ts`.
 */
export const readHalfRanking = (
  sql: PgClient.PgClient,
  store: ProjectionStore,
  { isOwn, key, tenantId }: {
    readonly tenantId: TenantId
    readonly key: ReadonlyArray<string>
    readonly isOwn: (userId: UserId) => boolean
  }
): RankingReader => {
  const all = readRanking(sql, store, tenantId, key)
  const { name, othersAhead } = known(store.tables.ranking, "ranking of a split")

  const othersBefore = ({ reachedAt, score, userId }: RankedUser) =>
    Effect.map(
      sql.unsafe<{ counted: bigint; users: ReadonlyArray<UserId> }>(othersAhead, [tenantId, ...key, score, new Date(reachedAt), userId]),
      ([row]) => row === undefined ? 0 : Number(row.counted) + row.users.filter((userId) => !isOwn(userId)).length
    )

  /** The first of the database's own users in pages of all users. */
  const ownOf = (limit: number, page: (last: RankedUser | undefined, most: number) => Users): Users =>
    Effect.gen(function*() {
      const most = 2 * limit + 10
      const own: Array<RankedUser> = []
      let last: RankedUser | undefined
      for (;;) {
        const users = yield* page(last, most)
        own.push(...users.filter(({ userId }) => isOwn(userId)))
        if (own.length >= limit || users.length < most) return own.slice(0, limit)
        last = users.at(-1)
      }
    })

  const around = (place: PlaceReader): Omit<PlaceReader, "standing"> => ({
    before: (limit) => ownOf(limit, (last, most) => (last === undefined ? place : all.ofPlace(last)).before(most)),
    after: (limit) => ownOf(limit, (last, most) => (last === undefined ? place : all.ofPlace(last)).after(most))
  })

  return {
    count: Effect.gen(function*() {
      const [row] = yield* othersOfKey(sql, name, [tenantId, ...key])
      return (yield* all.count) - Number(known(row, "row of a sum").others)
    }),
    first: (limit) => ownOf(limit, (last, most) => last === undefined ? all.first(most) : all.ofPlace(last).after(most)),
    ofUser: (userId) => {
      const place = all.ofUser(userId)
      return {
        ...around(place),
        standing: Effect.gen(function*() {
          const standing = yield* place.standing
          return standing === undefined ? undefined : { ...standing, ahead: standing.ahead - (yield* othersBefore(standing)) }
        })
      }
    },
    ofPlace: (user) => {
      const place = all.ofPlace(user)
      return {
        ...around(place),
        // Also where nobody of the key is left: the other database still subtracts those who were.
        standing: Effect.gen(function*() {
          const ahead = (yield* place.standing)?.ahead ?? 0
          return { ...user, ahead: ahead - (yield* othersBefore(user)) }
        })
      }
    }
  }
}
