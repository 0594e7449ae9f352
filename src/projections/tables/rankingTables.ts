import type { Ranking, TotalsTable } from "../projection/TotalsTable.ts"

/**
 * The SQL of a ranking: what stands beside the totals of a version so that the first of a key and
 * anybody's rank are found without counting everybody.
 *
 * Standings are part of the totals rows themselves: two generated columns, and an index in the
 * order of the ranks. The score is stored with its sign changed, so that the order is ascending
 * throughout and places compare as rows: `(rank_score, rank_at, user_id)`.
 *
 * Ranks come from buckets, in effect the leaves of a counted tree: each goes from a place up to the
 * next bucket's, and has the number of users there. A rank is the sum of the buckets before, some
 * hundred for a million users, and a count inside one's own. Triggers on the totals keep the
 * counts, whatever statement changes the rows, in its transaction; nobody else has to know of them.
 * One transaction at a time counts, so that each finds the buckets as the one before left them, and
 * whoever writes several rankings writes them in one order (`inWriteOrder`).
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
   * The buckets that do not have the number of users they say, and users in none: nothing, if all
   * is well.
   */
  readonly wrong: string
}

const place = (alias: string) => `(${alias}.rank_score, ${alias}.rank_at, ${alias}.user_id)`
const start = (alias: string) => `(${alias}.from_score, ${alias}.from_at, ${alias}.from_user)`
const descending = "from_score desc, from_at desc, from_user desc"
const ascending = "rank_score, rank_at, user_id"

/** Makes the SQL for the totals table `name` of a version. */
export const rankingTables = (prefix: string, name: string, table: TotalsTable, ranking: Ranking): RankingTables => {
  const size = ranking.bucketSize ?? 1000
  const half = Math.ceil(size / 2)
  const buckets = `${prefix}buckets`
  const keys = ["tenant_id", ...table.key.map((key) => `"${key}"`)]
  const ofKeys = (alias: string) => keys.map((key) => `${alias}.${key}`).join(", ")
  const sameKey = (a: string, b: string) => keys.map((key) => `${a}.${key} = ${b}.${key}`).join(" and ")
  /** Parameters from the first on are the key. */
  const given = (alias: string) => keys.map((key, index) => `${alias}.${key} = $${index + 1}${index === 0 ? "::uuid" : ""}`).join(" and ")
  const next = keys.length + 1
  /** The first bucket of a key, after the key. */
  const first = "'-Infinity'::numeric, '-infinity'::timestamptz, '', 0"
  const bucketOf = (alias: string) =>
    `select b.* from ${buckets} as b where ${sameKey("b", alias)} and ${start("b")} <= ${place(alias)} order by ${descending} limit 1`

  /**
   * Adds what has moved to the buckets' counts. `moves` gives the key, the place and 1 or −1 user.
   */
  const counted = (moves: string) => `
    with moves as materialized (${moves}),
    deltas as (
      select ${ofKeys("b")}, b.from_score, b.from_at, b.from_user, sum(m.moved) as moved
      from moves as m cross join lateral (${bucketOf("m")}) as b
      group by ${ofKeys("b")}, b.from_score, b.from_at, b.from_user having sum(m.moved) <> 0
    )
    update ${buckets} as b set users = b.users + d.moved from deltas as d
    where ${sameKey("b", "d")} and ${start("b")} = ${start("d")}`
  const places = (rows: string) => `select ${ofKeys("t")}, t.rank_score, t.rank_at, t.user_id from ${rows} as t where t.contributions > 0`
  const moves = (places: string, moved: 1 | -1) => `select *, ${moved} as moved from (${places}) as p`
  /**
   * Of rows that were changed, without those that stay where they are, such as of a multiplier that
   * was no greater.
   */
  const changes = `${moves(`${places("gone")} except all ${places("come")}`, -1)} union all ${
    moves(`${places("come")} except all ${places("gone")}`, 1)
  }`

  /** Gives what lies in too large a bucket to new ones, of about half the size. */
  const split = `
    for whole in select * from ${buckets} where users > ${size} loop
      select b.from_score, b.from_at, b.from_user into following from ${buckets} as b
        where ${sameKey("b", "whole")} and ${start("b")} > ${start("whole")} order by b.from_score, b.from_at, b.from_user limit 1;
      with places as (
        select t.rank_score, t.rank_at, t.user_id, row_number() over (order by t.rank_score, t.rank_at, t.user_id) - 1 as nth,
          ceil(whole.users / ceil(whole.users::numeric / ${half}))::bigint as size
        from ${name} as t
        where ${sameKey("t", "whole")} and t.contributions > 0 and ${place("t")} >= ${start("whole")} and ${place("t")} < (
          coalesce(following.from_score, 'Infinity'), coalesce(following.from_at, 'infinity'), coalesce(following.from_user, ''))
      ), pieces as (
        insert into ${buckets} as b
        select ${ofKeys("whole")}, rank_score, rank_at, user_id, least(size, whole.users - nth) from places where nth > 0 and nth % size = 0
        returning b.users
      )
      select coalesce(sum(users), 0) into gone from pieces;
      update ${buckets} as b set users = b.users - gone where ${sameKey("b", "whole")} and ${start("b")} = ${start("whole")};
    end loop;`

  /**
   * Puts a bucket that has become small together with the one after and the one before it, if there
   * is room. A key's first bucket stays.
   */
  const merge = (moves: string) => `
    for small in with changed as (${counted(moves)} returning b.*)
      select * from changed where users <= ${Math.floor(size / 8)}
    loop
      select b.* into small from ${buckets} as b where ${sameKey("b", "small")} and ${start("b")} = ${start("small")};
      continue when not found;
      select b.* into after from ${buckets} as b
        where ${sameKey("b", "small")} and ${start("b")} > ${start("small")} order by b.from_score, b.from_at, b.from_user limit 1;
      if after.users + small.users <= ${half} then
        delete from ${buckets} as b where ${sameKey("b", "after")} and ${start("b")} = ${start("after")};
        update ${buckets} as b set users = b.users + after.users where ${sameKey("b", "small")} and ${start("b")} = ${start("small")};
        small.users := small.users + after.users;
      end if;
      select b.* into before from ${buckets} as b
        where ${sameKey("b", "small")} and ${start("b")} < ${start("small")} order by ${descending} limit 1;
      continue when not found or (small.users > 0 and before.users + small.users > ${half});
      delete from ${buckets} as b where ${sameKey("b", "small")} and ${start("b")} = ${start("small")};
      update ${buckets} as b set users = b.users + small.users where ${sameKey("b", "before")} and ${start("b")} = ${start("before")};
    end loop;`

  /**
   * Has nothing left of users who are gone, for they may have been erased: a bucket that began with
   * one begins with the first who is still in it, and a key without users has no bucket.
   */
  const forget = `
    for bound in select b.* from ${buckets} as b where b.from_user <> '' and (b.tenant_id, b.from_user) in (select tenant_id, user_id from gone) loop
      select b.from_score, b.from_at, b.from_user into following from ${buckets} as b
        where ${sameKey("b", "bound")} and ${start("b")} > ${start("bound")} order by b.from_score, b.from_at, b.from_user limit 1;
      select t.rank_score, t.rank_at, t.user_id into first from ${name} as t
        where ${sameKey("t", "bound")} and t.contributions > 0 and ${place("t")} >= ${start("bound")} and ${place("t")} < (
          coalesce(following.from_score, 'Infinity'), coalesce(following.from_at, 'infinity'), coalesce(following.from_user, ''))
        order by ${ascending} limit 1;
      if found then
        update ${buckets} as b set from_score = first.rank_score, from_at = first.rank_at, from_user = first.user_id
          where ${sameKey("b", "bound")} and ${start("b")} = ${start("bound")};
      else
        delete from ${buckets} as b where ${sameKey("b", "bound")} and ${start("b")} = ${start("bound")};
      end if;
    end loop;
    delete from ${buckets} as b using (select distinct ${ofKeys("g")} from gone as g) as g
      where ${sameKey("b", "g")} and b.users = 0
        and not exists (select from ${buckets} as o where ${sameKey("o", "b")} and ${start("o")} <> ${start("b")});`

  // Whoever counts will be done soon: only the time for the whole statement limits how long it is
  // waited for.
  const counting = (operation: string, variables: string, body: string) => `
    create or replace function ${prefix}${operation}() returns trigger language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set lock_timeout = 0 as $$
    declare ${variables}
    begin
      perform pg_advisory_xact_lock(hashtext('playtally ranking'), hashtext('${name}'));${body}
      return null;
    end $$`
  const trigger = (operation: string, referencing: string) => `
    create or replace trigger ranking_${operation} after ${operation} on ${name} referencing ${referencing}
    for each statement execute function ${prefix}${operation}()`

  // Looked up by the primary key: without statistics, the index of the ranks looks as good for it,
  // and would be read from end to end.
  const me = `select * from (
      select t.contributions, ${ofKeys("t")}, t.rank_score, t.rank_at, t.user_id from ${name} as t where ${
    given("t")
  } and t.user_id = $${next} offset 0
    ) as t where t.contributions > 0`
  const shown = "t.user_id, trim_scale(-t.rank_score) as score, t.rank_at as reached_at"
  const neighbours = (is: "<" | ">", order: string) => `
    with me as materialized (${me}) select ${shown} from me cross join lateral (
      select * from ${name} as t where ${sameKey("t", "me")} and t.contributions > 0 and ${place("t")} ${is} ${place("me")}
      order by ${order} limit $${next + 1}
    ) as t`

  return {
    columns: `, rank_score numeric generated always as (-(${ranking.score})) stored,
      rank_at timestamptz generated always as (${ranking.reachedAt}) stored`,
    create: [
      `create index if not exists ${prefix}ranks on ${name} (${keys.join(", ")}, ${ascending}) where contributions > 0`,
      `create table if not exists ${buckets} (tenant_id uuid not null, ${
        table.key.map((key) => `"${key}" text collate "C" not null`).join(", ")
      },
        from_score numeric not null, from_at timestamptz not null, from_user text collate "C" not null, users bigint not null,
        primary key (${keys.join(", ")}, from_score, from_at, from_user)) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)`,
      // Partial, so that it is taken for nothing else: without statistics it would look as good as
      // the primary key.
      `create index if not exists ${buckets}_from_user on ${buckets} (from_user) where from_user <> ''`,
      `create index if not exists ${buckets}_to_split on ${buckets} (tenant_id) where users > ${size}`,
      counting(
        "update",
        "small record; before record; after record;",
        // Nobody's totals come back to a key that may have lost its first bucket with its last
        // user.
        `
      insert into ${buckets} select distinct ${ofKeys("t")}, ${first} from gone as t where t.contributions <= 0
        on conflict do nothing;${merge(changes)}`
      ),
      counting(
        "delete",
        "small record; before record; after record; bound record; following record; first record;",
        merge(moves(places("gone"), -1)) + forget
      ),
      // An upsert fires its update triggers before its insert triggers, always both: by now all of
      // its rows are counted.
      counting(
        "insert",
        "whole record; following record; gone bigint;",
        `
      insert into ${buckets} select distinct ${ofKeys("t")}, ${first} from come as t
        on conflict do nothing;${counted(moves(places("come"), 1))};${split}`
      ),
      trigger("update", "old table as gone new table as come"),
      trigger("delete", "old table as gone"),
      trigger("insert", "new table as come")
    ],
    drop: [
      `drop table if exists ${buckets}`,
      ...["insert", "update", "delete"].map((operation) => `drop function if exists ${prefix}${operation}()`)
    ],
    count: `select coalesce(sum(b.users), 0)::bigint as users from ${buckets} as b where ${given("b")}`,
    first: `select ${shown} from ${name} as t where ${given("t")} and t.contributions > 0 order by ${ascending} limit $${next}`,
    standing: `
      with me as materialized (${me})
      select ${shown}, (
        1 + coalesce((select sum(o.users) from ${buckets} as o where ${sameKey("o", "b")} and ${start("o")} < ${start("b")}), 0)
        + (select count(*) from ${name} as o
          where ${sameKey("o", "b")} and o.contributions > 0 and ${place("o")} >= ${start("b")} and ${place("o")} < ${place("t")})
      )::bigint as rank
      from me as t cross join lateral (${bucketOf("t")}) as b`,
    before: neighbours("<", "rank_score desc, rank_at desc, user_id desc"),
    after: neighbours(">", ascending),
    wrong: `
      select * from (
        select ${ofKeys("t")}, b.from_score, b.from_at, b.from_user, count(*) as users
        from ${name} as t left join lateral (${bucketOf("t")}) as b on true where t.contributions > 0 group by 1, ${
      Array.from({ length: keys.length + 2 }, (_, index) => index + 2).join(", ")
    }
      ) as t full join ${buckets} as b on ${sameKey("b", "t")} and ${start("b")} = ${start("t")}
      where coalesce(t.users, 0) <> coalesce(b.users, -1)`
  }
}
