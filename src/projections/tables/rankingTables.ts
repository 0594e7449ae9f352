import { type BucketSql, bucketSql, byPlace, place, type RankedTable, start } from "./bucketSql.ts"
import { countBuckets, countingFunctions } from "./countBuckets.ts"

/**
 * The SQL of a ranking: what stands beside the totals of a version to find the first users of a
 * key, and any user's rank, without counting all users.
 *
 * Standings are part of the totals rows: two generated columns, and an index in the order of the
 * ranks. The score is stored with its sign changed, so that the order is ascending throughout and
 * places compare as rows: `(rank_score, rank_at, user_id)`.
 *
 * Ranks come from buckets, in effect the leaves of a counted tree. A bucket goes from a place up to
 * the place of the next one, and has the number of users in between:
 *
 *     places    −∞ ······ u14 ········ u9 ······· u3 ··x····· ∞
 *     buckets   [  740   )[   512     )[   901   )[   388     )
 *
 * The rank of x is 1 + 740 + 512 + 901 + the users between u3 and x. That is a sum of some hundred
 * buckets for a million users, and a count inside one bucket.
 *
 * - A bucket with more than `bucketSize` users is split into parts of about half that size, when
 *   rows are inserted.
 * - A bucket that becomes small is merged with its neighbours, when rows are changed or removed.
 * - The first bucket of a key begins before all places, and stays while the key has users.
 *
 * Triggers on the totals keep the counts (`countBuckets.ts`), so no other code has to know of them.
 * One transaction at a time counts a ranking, and so finds the buckets as the one before left them.
 * A transaction that writes several rankings writes them in one order (`inWriteOrder`).
 */
export interface RankingTables {
  /** The generated columns. */
  readonly columns: string
  readonly create: ReadonlyArray<string>
  /** What is left once the totals are dropped. */
  readonly drop: ReadonlyArray<string>
  /** How many users there are: the parameters are the tenant and the parts of the key. */
  readonly count: string
  /** The first users, in order: the tenant, the parts of the key, and how many. */
  readonly first: string
  /** One user with the rank: the tenant, the parts of the key, and the user. */
  readonly standing: string
  /**
   * The users before and after one, the nearest first: the tenant, the parts of the key, the user,
   * and how many.
   */
  readonly before: string
  readonly after: string
  /**
   * The buckets whose number of users is wrong, and users in no bucket: no rows, if all is well.
   */
  readonly wrong: string
}

/** Makes the SQL for the totals of a version. */
export const rankingTables = (ranked: RankedTable): RankingTables => {
  const { name, prefix, ranking } = ranked
  const sql = bucketSql(ranked)
  const { buckets, given, keys, next } = sql
  return {
    columns: `, rank_score numeric generated always as (-(${ranking.score})) stored,
      rank_at timestamptz generated always as (${ranking.reachedAt}) stored`,
    create: [
      `create index if not exists ${prefix}ranks on ${name} (${keys.join(", ")}, ${byPlace}) where contributions > 0`,
      createBuckets(ranked),
      // Partial, so that the planner takes it for nothing else: without statistics it looks as good
      // as the primary key.
      `create index if not exists ${buckets}_from_user on ${buckets} (from_user) where from_user <> ''`,
      `create index if not exists ${buckets}_to_split on ${buckets} (tenant_id) where users > ${sql.size}`,
      ...countBuckets(ranked)
    ],
    drop: [`drop table if exists ${buckets}`, ...countingFunctions(prefix).map((counting) => `drop function if exists ${counting}`)],
    count: `select coalesce(sum(b.users), 0)::bigint as users from ${buckets} as b where ${given("b")}`,
    first: `select ${shown} from ${name} as t where ${given("t")} and t.contributions > 0 order by ${byPlace} limit $${next}`,
    standing: standing(sql, name),
    before: neighbours(sql, { name, is: "<", order: "rank_score desc, rank_at desc, user_id desc" }),
    after: neighbours(sql, { name, is: ">", order: byPlace }),
    wrong: wrongCounts(sql, name)
  }
}

const createBuckets = (ranked: RankedTable) => {
  const { buckets, keys } = bucketSql(ranked)
  return `create table if not exists ${buckets} (tenant_id uuid not null, ${
    ranked.table.key.map((key) => `"${key}" text collate "C" not null`).join(", ")
  },
        from_score numeric not null, from_at timestamptz not null, from_user text collate "C" not null, users bigint not null,
        primary key (${keys.join(", ")}, from_score, from_at, from_user)) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)`
}

/** A user of the alias `t` as readers get one. */
const shown = "t.user_id, trim_scale(-t.rank_score) as score, t.rank_at as reached_at"

/**
 * The row of the user after the key's parameters. It is looked up by the primary key: without
 * statistics, the index of the ranks looks as good for it, and would be read from end to end.
 */
const me = ({ given, next, ofKeys }: BucketSql, name: string) =>
  `select * from (
      select t.contributions, ${ofKeys("t")}, t.rank_score, t.rank_at, t.user_id from ${name} as t where ${
    given("t")
  } and t.user_id = $${next} offset 0
    ) as t where t.contributions > 0`

/**
 * The rank is 1, and the users of all buckets before, and those before the user in the own bucket.
 */
const standing = (sql: BucketSql, name: string) => {
  const { bucketOf, buckets, sameKey } = sql
  return `
      with me as materialized (${me(sql, name)})
      select ${shown}, (
        1 + coalesce((select sum(o.users) from ${buckets} as o where ${sameKey("o", "b")} and ${start("o")} < ${start("b")}), 0)
        + (select count(*) from ${name} as o
          where ${sameKey("o", "b")} and o.contributions > 0 and ${place("o")} >= ${start("b")} and ${place("o")} < ${place("t")})
      )::bigint as rank
      from me as t cross join lateral (${bucketOf("t")}) as b`
}

const neighbours = (
  sql: BucketSql,
  { is, name, order }: { readonly name: string; readonly is: "<" | ">"; readonly order: string }
) => `
    with me as materialized (${me(sql, name)}) select ${shown} from me cross join lateral (
      select * from ${name} as t where ${sql.sameKey("t", "me")} and t.contributions > 0 and ${place("t")} ${is} ${place("me")}
      order by ${order} limit $${sql.next + 1}
    ) as t`

const wrongCounts = ({ bucketOf, buckets, keys, ofKeys, sameKey }: BucketSql, name: string) => `
      select * from (
        select ${ofKeys("t")}, b.from_score, b.from_at, b.from_user, count(*) as users
        from ${name} as t left join lateral (${bucketOf("t")}) as b on true where t.contributions > 0 group by 1, ${
  Array.from({ length: keys.length + 2 }, (_, index) => index + 2).join(", ")
}
      ) as t full join ${buckets} as b on ${sameKey("b", "t")} and ${start("b")} = ${start("t")}
      where coalesce(t.users, 0) <> coalesce(b.users, -1)`
