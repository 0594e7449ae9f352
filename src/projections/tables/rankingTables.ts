import { type BucketSql, bucketSql, byPlace, place, type RankedTable, start } from "./bucketSql.ts"
import { countBuckets, countingFunctions } from "./countBuckets.ts"
import { forgetRanking, othersAhead } from "./splitCounts.ts"

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
  /** The totals. */
  readonly name: string
  /** The generated columns. */
  readonly columns: string
  readonly create: ReadonlyArray<string>
  /** What is left once the totals are dropped. */
  readonly drop: ReadonlyArray<string>
  /** How many users there are: the parameters are the tenant and the parts of the key. */
  readonly count: string
  /** The first users, in order: the tenant, the parts of the key, and how many. */
  readonly first: string
  /** What there is around one user: the tenant, the parts of the key, and the user. */
  readonly ofUser: AroundSql
  /**
   * What there is around a place, of a user who may be in another database: the tenant, the parts
   * of the key, the score, when it was reached, and the user.
   */
  readonly ofPlace: AroundSql
  /**
   * At the end of a split, what is to be subtracted before a place: the parameters are those of
   * `ofPlace`, without the number of users.
   */
  readonly othersAhead: string
  /**
   * The buckets whose number of users is wrong, and users in no bucket: no rows, if all is well.
   */
  readonly wrong: string
}

/** The SQL that looks around one place. Its parameters say which place. */
export interface AroundSql {
  /**
   * The user of the place with the number of users before. No row for a user who is not there, or
   * if the key has no users.
   */
  readonly standing: string
  /** The users before and after it, the nearest first. One more parameter says how many. */
  readonly before: string
  readonly after: string
}

/** Makes the SQL for the totals of a version. */
export const rankingTables = (ranked: RankedTable): RankingTables => {
  const { name, prefix, ranking } = ranked
  const sql = bucketSql(ranked)
  const { buckets, given, keys, next } = sql
  return {
    name,
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
    drop: [
      `drop table if exists ${buckets}`,
      ...countingFunctions(prefix).map((counting) => `drop function if exists ${counting}`),
      ...forgetRanking(name)
    ],
    count: `select coalesce(sum(b.users), 0)::bigint as users from ${buckets} as b where ${given("b")}`,
    first: `select ${shown} from ${name} as t where ${given("t")} and t.contributions > 0 order by ${byPlace} limit $${next}`,
    ofUser: around(sql, { name, me: userRow(sql, name), next: next + 1 }),
    ofPlace: around(sql, { name, me: givenPlace(sql), next: next + 3 }),
    othersAhead: othersAhead(sql, { name, me: givenPlace(sql) }),
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

/** A place, with its key, which statements look around. */
interface Around {
  readonly name: string
  /** SQL that gives the place, or no row. */
  readonly me: string
  /** The number of the first parameter after those of the place. */
  readonly next: number
}

/**
 * The row of the user after the key's parameters. It is looked up by the primary key: without
 * statistics, the index of the ranks looks as good for it, and would be read from end to end.
 */
const userRow = ({ given, next, ofKeys }: BucketSql, name: string) =>
  `select * from (
      select t.contributions, ${ofKeys("t")}, t.rank_score, t.rank_at, t.user_id from ${name} as t where ${
    given("t")
  } and t.user_id = $${next} offset 0
    ) as t where t.contributions > 0`

/** The place after the key's parameters. */
const givenPlace = ({ keys, next }: BucketSql) =>
  `select ${
    keys.map((key, index) => index === 0 ? `$1::uuid as ${key}` : `$${index + 1}::text collate "C" as ${key}`).join(", ")
  }, -($${next}::numeric) as rank_score, $${next + 1}::timestamptz as rank_at, $${next + 2}::text collate "C" as user_id`

const around = (sql: BucketSql, { me, name, next }: Around): AroundSql => ({
  standing: standing(sql, { name, me, next }),
  before: neighbours(sql, { name, me, next, is: "<", order: "rank_score desc, rank_at desc, user_id desc" }),
  after: neighbours(sql, { name, me, next, is: ">", order: byPlace })
})

/**
 * The users of all buckets before, and those before the place in its own bucket. A key without
 * users has no bucket.
 */
const standing = (sql: BucketSql, { me, name }: Around) => {
  const { bucketOf, buckets, sameKey } = sql
  return `
      with me as materialized (${me})
      select ${shown}, (
        coalesce((select sum(o.users) from ${buckets} as o where ${sameKey("o", "b")} and ${start("o")} < ${start("b")}), 0)
        + (select count(*) from ${name} as o
          where ${sameKey("o", "b")} and o.contributions > 0 and ${place("o")} >= ${start("b")} and ${place("o")} < ${place("t")})
      )::bigint as ahead
      from me as t cross join lateral (${bucketOf("t")}) as b`
}

const neighbours = (
  { sameKey }: BucketSql,
  { is, me, name, next, order }: Around & { readonly is: "<" | ">"; readonly order: string }
) => `
    with me as materialized (${me}) select ${shown} from me cross join lateral (
      select * from ${name} as t where ${sameKey("t", "me")} and t.contributions > 0 and ${place("t")} ${is} ${place("me")}
      order by ${order} limit $${next}
    ) as t`

const wrongCounts = ({ bucketOf, buckets, keys, ofKeys, sameKey }: BucketSql, name: string) => `
      select * from (
        select ${ofKeys("t")}, b.from_score, b.from_at, b.from_user, count(*) as users
        from ${name} as t left join lateral (${bucketOf("t")}) as b on true where t.contributions > 0 group by 1, ${
  Array.from({ length: keys.length + 2 }, (_, index) => index + 2).join(", ")
}
      ) as t full join ${buckets} as b on ${sameKey("b", "t")} and ${start("b")} = ${start("t")}
      where coalesce(t.users, 0) <> coalesce(b.users, -1)`
