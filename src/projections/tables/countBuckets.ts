import { bucketsBack, bucketsOn, type BucketSql, bucketSql, byPlace, firstStart, type RankedTable, start } from "./bucketSql.ts"

/**
 * The triggers on the totals that keep the counts of the buckets, whatever statement changes the
 * rows, in its transaction. They see the rows of a statement as `gone` before it and `come` after
 * it.
 */
export const countBuckets = (ranked: RankedTable): ReadonlyArray<string> => {
  const sql = bucketSql(ranked)
  return [
    countingFunction(ranked, {
      operation: "update",
      variables: "small record; before record; after record;",
      body: `
      ${keepFirstBuckets(sql, { rows: "gone", where: " where t.contributions <= 0" })}${mergeSmall(sql, changes(sql))}`
    }),
    countingFunction(ranked, {
      operation: "delete",
      variables: "small record; before record; after record; bound record; following record; first record;",
      body: mergeSmall(sql, moves(placesIn(sql, "gone"), -1)) + forgetBounds(sql, ranked.name)
    }),
    // An upsert fires its update triggers before its insert triggers, always both. By now all of
    // its rows are counted.
    countingFunction(ranked, {
      operation: "insert",
      variables: "whole record; following record; gone bigint;",
      body: `
      ${keepFirstBuckets(sql, { rows: "come", where: "" })}${count(sql, moves(placesIn(sql, "come"), 1))};${splitLarge(sql, ranked.name)}`
    }),
    trigger(ranked, "update", "old table as gone new table as come"),
    trigger(ranked, "delete", "old table as gone"),
    trigger(ranked, "insert", "new table as come")
  ]
}

type Operation = "insert" | "update" | "delete"

/** The names of the functions. */
export const countingFunctions = (prefix: string): ReadonlyArray<string> =>
  (["insert", "update", "delete"] satisfies ReadonlyArray<Operation>).map((operation) => `${prefix}${operation}()`)

/**
 * The function of a trigger. One transaction at a time counts a ranking, and it will soon be done:
 * only the time for the whole statement limits how long the others wait for it.
 */
const countingFunction = (
  { name, prefix }: RankedTable,
  { body, operation, variables }: { readonly operation: Operation; readonly variables: string; readonly body: string }
) => `
    create or replace function ${prefix}${operation}() returns trigger language plpgsql
    set enable_seqscan = off set enable_bitmapscan = off set lock_timeout = 0 as $$
    declare ${variables}
    begin
      perform pg_advisory_xact_lock(hashtext('playtally ranking'), hashtext('${name}'));${body}
      return null;
    end $$`

const trigger = ({ name, prefix }: RankedTable, operation: Operation, referencing: string) => `
    create or replace trigger ranking_${operation} after ${operation} on ${name} referencing ${referencing}
    for each statement execute function ${prefix}${operation}()`

/**
 * Gives each key of some rows a first bucket, without users, if it lacks one. In an update
 * that takes a user out of a ranking, the key may have lost its first bucket with its last user.
 */
const keepFirstBuckets = ({ buckets, ofKeys }: BucketSql, { rows, where }: { readonly rows: string; readonly where: string }) =>
  `insert into ${buckets} select distinct ${ofKeys("t")}, ${firstStart}, 0 from ${rows} as t${where}
        on conflict do nothing;`

/** The places of the rows that are ranked. */
const placesIn = ({ ofKeys }: BucketSql, rows: string) =>
  `select ${ofKeys("t")}, t.rank_score, t.rank_at, t.user_id from ${rows} as t where t.contributions > 0`

/** Some places, each with 1 user who comes there, or −1 for one who leaves. */
const moves = (places: string, moved: 1 | -1) => `select *, ${moved} as moved from (${places}) as p`

/**
 * The moves of rows that were changed. A row that stays in its place does not move: of a greatest
 * value, for example, that did not get greater.
 */
const changes = (sql: BucketSql) => {
  const [gone, come] = [placesIn(sql, "gone"), placesIn(sql, "come")]
  return `${moves(`${gone} except all ${come}`, -1)} union all ${moves(`${come} except all ${gone}`, 1)}`
}

/** Adds moves to the counts of the buckets that their places lie in. */
const count = ({ bucketOf, buckets, ofKeys, sameKey }: BucketSql, moves: string) => `
    with moves as materialized (${moves}),
    deltas as (
      select ${ofKeys("b")}, ${bucketsOn}, sum(m.moved) as moved
      from moves as m cross join lateral (${bucketOf("m")}) as b
      group by ${ofKeys("b")}, ${bucketsOn} having sum(m.moved) <> 0
    )
    update ${buckets} as b set users = b.users + d.moved from deltas as d
    where ${sameKey("b", "d")} and ${start("b")} = ${start("d")}`

/** Moves users of a bucket that is too large to new ones, all of about half the size. */
const splitLarge = ({ bucketAfter, buckets, half, isBucket, liesIn, ofKeys, size }: BucketSql, name: string) => `
    for whole in select * from ${buckets} where users > ${size} loop
      select ${bucketsOn} into following ${bucketAfter("whole")};
      with places as (
        select t.rank_score, t.rank_at, t.user_id, row_number() over (order by t.rank_score, t.rank_at, t.user_id) - 1 as nth,
          ceil(whole.users / ceil(whole.users::numeric / ${half}))::bigint as size
        from ${name} as t
        where ${liesIn("whole")}
      ), pieces as (
        insert into ${buckets} as b
        select ${ofKeys("whole")}, rank_score, rank_at, user_id, least(size, whole.users - nth) from places where nth > 0 and nth % size = 0
        returning b.users
      )
      select coalesce(sum(users), 0) into gone from pieces;
      update ${buckets} as b set users = b.users - gone where ${isBucket("whole")};
    end loop;`

/**
 * Counts moves, and merges each bucket that has become small with the one after and the one before
 * it, if there is room. A key's first bucket stays.
 */
const mergeSmall = (sql: BucketSql, moves: string) => {
  const { bucketAfter, buckets, half, isBucket, sameKey, small } = sql
  return `
    for small in with changed as (${count(sql, moves)} returning b.*)
      select * from changed where users <= ${small}
    loop
      select b.* into small from ${buckets} as b where ${isBucket("small")};
      continue when not found;
      select b.* into after ${bucketAfter("small")};
      if after.users + small.users <= ${half} then
        delete from ${buckets} as b where ${sameKey("b", "after")} and ${start("b")} = ${start("after")};
        update ${buckets} as b set users = b.users + after.users where ${isBucket("small")};
        small.users := small.users + after.users;
      end if;
      select b.* into before from ${buckets} as b
        where ${sameKey("b", "small")} and ${start("b")} < ${start("small")} order by ${bucketsBack} limit 1;
      continue when not found or (small.users > 0 and before.users + small.users > ${half});
      delete from ${buckets} as b where ${isBucket("small")};
      update ${buckets} as b set users = b.users + small.users where ${isBucket("before")};
    end loop;`
}

/**
 * Leaves no trace of users who are gone, for they may have been erased. A bucket that began with
 * one of them begins with the first user who is still in it, and a key without users has no bucket.
 */
const forgetBounds = ({ bucketAfter, buckets, isBucket, liesIn, ofKeys, sameKey }: BucketSql, name: string) => `
    for bound in select b.* from ${buckets} as b where b.from_user <> '' and (b.tenant_id, b.from_user) in (select tenant_id, user_id from gone) loop
      select ${bucketsOn} into following ${bucketAfter("bound")};
      select t.rank_score, t.rank_at, t.user_id into first from ${name} as t
        where ${liesIn("bound")}
        order by ${byPlace} limit 1;
      if found then
        update ${buckets} as b set from_score = first.rank_score, from_at = first.rank_at, from_user = first.user_id
          where ${isBucket("bound")};
      else
        delete from ${buckets} as b where ${isBucket("bound")};
      end if;
    end loop;
    delete from ${buckets} as b using (select distinct ${ofKeys("g")} from gone as g) as g
      where ${sameKey("b", "g")} and b.users = 0
        and not exists (select from ${buckets} as o where ${sameKey("o", "b")} and ${start("o")} <> ${start("b")});`
