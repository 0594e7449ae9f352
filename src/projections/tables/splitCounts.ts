import type { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import type { SqlError } from "effect/sql"
import { arrayOf } from "../../database/arrayOf.ts"
import { bucketsBack, type BucketSql, place, start } from "./bucketSql.ts"

/*
 * The rankings of the two databases of a split, as long as each still has the users of the other.
 *
 * After the fence both databases have the same rows. Each goes on with its own users. Those of the
 * others stay as they were at the fence, until they are removed. So a place has before it
 *
 *     all users of the one + all users of the other − all users at the fence
 *
 * Both databases keep the buckets of the fence, in `split_counts`. `others` is what a database
 * subtracts for a bucket: in the one all its users, in the other none. Who removes a row of the
 * others subtracts one less. So what each database says stays the same, and both together are
 * right. Of the bucket that the place is in, each subtracts the users of the others before it.
 * These are few, and their slices tell who they are.
 */

/** A ranking as a database has it. It may be one of a version that this code does not know. */
export interface FoundRanking {
  /** The totals, as SQL names them. */
  readonly name: string
  readonly buckets: string
  /** The parts of the key after the tenant. */
  readonly key: ReadonlyArray<string>
}

/**
 * Finds the buckets of a ranking by their name and columns; undefined if they are not those of
 * `rankingTables.ts`.
 */
const findRanking = (sql: PgClient.PgClient, name: string): Effect.Effect<FoundRanking | undefined, SqlError.SqlError> =>
  Effect.map(
    sql<{ buckets: string; key: ReadonlyArray<string> }>`
      select quote_ident(b.relname) as buckets, coalesce(c.key, '{}') as key
      from pg_class as t
      join pg_class as b on b.relnamespace = t.relnamespace and b.relkind = 'r' and b.relname = regexp_replace(t.relname, '_totals$', '_buckets')
      cross join lateral (
        select array_agg(quote_ident(a.attname) order by a.attnum) filter (where a.attname <> all (s.names)) as key,
          count(*) filter (where a.attname = any (s.names)) = cardinality(s.names) as is_whole
        from pg_attribute as a
        cross join (select '{tenant_id,from_score,from_at,from_user,users}'::name[]) as s (names)
        where a.attrelid = b.oid and a.attnum > 0 and not a.attisdropped
        group by s.names
      ) as c
      where t.oid = to_regclass(${name}) and b.oid <> t.oid and c.is_whole`,
    ([found]) => found === undefined ? undefined : { name, ...found }
  )

/** The key of the ranking of an alias, as `split_counts` has it. */
const keyOf = (alias: string, key: ReadonlyArray<string>) => `array[${key.map((part) => `${alias}.${part}::text`).join(", ")}]::text[]`

/**
 * Keeps the buckets of some rankings, in the transaction that makes their database the new half of
 * a split. From then on the database subtracts all users that they count.
 */
export const keepCounts = Effect.fnUntraced(function*(
  sql: PgClient.PgClient,
  { move, rankings }: { readonly move: string; readonly rankings: ReadonlyArray<string> }
) {
  yield* forgetAll(sql)
  for (const name of rankings) {
    const found = yield* findRanking(sql, name)
    if (found === undefined) continue
    yield* sql.unsafe(
      `insert into split_counts (ranking, tenant_id, key, from_score, from_at, from_user, others)
      select $1, b.tenant_id, ${keyOf("b", found.key)}, b.from_score, b.from_at, b.from_user, b.users from ${found.buckets} as b`,
      [name]
    )
    yield* sql`insert into split_rankings (ranking, move) values (${name}, ${move}::uuid)`
  }
})

const forgetAll = (sql: PgClient.PgClient) => Effect.andThen(sql`delete from split_rankings`, sql`delete from split_counts`)

/**
 * Forgets the buckets of a split, and of no later one: each database counts its own users alone.
 */
export const forgetCounts = (sql: PgClient.PgClient, move: string): Effect.Effect<void, SqlError.SqlError> =>
  Effect.asVoid(sql`
    with gone as (delete from split_rankings where move = ${move}::uuid returning ranking)
    delete from split_counts where ranking in (select ranking from gone)`)

/** The most buckets that are copied at a time. */
const atOnce = 5000

/**
 * Copies the buckets of the new half to the other one, in a transaction of the caller there. They
 * subtract nothing there. Nothing of a ranking has been removed in either of them yet.
 */
export const copyCounts = Effect.fnUntraced(function*(from: PgClient.PgClient, to: PgClient.PgClient, move: string) {
  yield* forgetAll(to)
  yield* from.withTransaction(Effect.gen(function*() {
    yield* from`
      declare counts no scroll cursor for
      select ranking, tenant_id::text as tenant, key::text as key, from_score::text as score, from_at::text as at, from_user as "user"
      from split_counts where exists (select from split_rankings where move = ${move}::uuid)`
    for (;;) {
      const rows = yield* from.unsafe<Record<(typeof columns)[number], string>>(`fetch ${atOnce} from counts`)
      if (rows.length > 0) {
        yield* to.unsafe(
          `insert into split_counts (ranking, tenant_id, key, from_score, from_at, from_user, others)
          select r.ranking, r.tenant::uuid, r.key::text[], r.score::numeric, r.at::timestamptz, r."user", 0
          from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as r (ranking, tenant, key, score, at, "user")`,
          columns.map((column) => arrayOf.text(rows.map((row) => row[column])))
        )
      }
      if (rows.length < atOnce) break
    }
    const rankings = yield* from<{ ranking: string }>`select ranking from split_rankings where move = ${move}::uuid`
    yield* to`
      insert into split_rankings (ranking, move)
      select ranking, ${move}::uuid from unnest(${arrayOf.text(rankings.map(({ ranking }) => ranking))}::text[]) as r (ranking)`
  }))
})

const columns = ["ranking", "tenant", "key", "score", "at", "user"] as const

/** Whether a database has the buckets of a split. */
export const hasCountsOf = (sql: PgClient.PgClient, move: string): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(sql`select from split_rankings where move = ${move}::uuid limit 1`, (rows) => rows.length > 0)

/** Whether a database knows what it has to subtract from a ranking. */
export const hasCounts = (sql: PgClient.PgClient, name: string): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.map(sql`select from split_rankings where ranking = ${name}`, (rows) => rows.length > 0)

/**
 * SQL that follows `with gone as (delete …)` of rows of a ranking with all their columns, and
 * subtracts that many less. Empty if the database has kept no buckets of the ranking.
 */
export const subtractLess = (sql: PgClient.PgClient, name: string): Effect.Effect<string, SqlError.SqlError> =>
  Effect.gen(function*() {
    const found = (yield* hasCounts(sql, name)) ? yield* findRanking(sql, name) : undefined
    if (found === undefined) return ""
    const isOf = `s.ranking = '${name}' and s.tenant_id = g.tenant_id and s.key = ${keyOf("g", found.key)}`
    return `, fewer as (
        select s.tenant_id, s.key, s.from_score, s.from_at, s.from_user, count(*) as users
        from gone as g cross join lateral (
          select * from split_counts as s where ${isOf} and ${start("s")} <= ${place("g")} order by ${bucketsBack} limit 1
        ) as s
        where g.contributions > 0 group by 1, 2, 3, 4, 5
      ), subtracted as (
        update split_counts as s set others = s.others - f.users from fewer as f
        where s.ranking = '${name}' and s.tenant_id = f.tenant_id and s.key = f.key and ${start("s")} = ${start("f")}
      )`
  })

/** The statements that forget a ranking whose tables are dropped. */
export const forgetRanking = (name: string): ReadonlyArray<string> =>
  ["split_rankings", "split_counts"].map((table) => `delete from ${table} where ranking = '${name}'`)

/**
 * What a database subtracts before a place: a number, and the users before it in its bucket of the
 * fence, of whom the others are subtracted too. No row if nobody had the key at the fence.
 */
export const othersAhead = (
  { keys: [, ...key], sameKey }: BucketSql,
  { me, name }: { readonly name: string; readonly me: string }
): string => {
  const isOf = `s.ranking = '${name}' and s.tenant_id = me.tenant_id and s.key = ${keyOf("me", key)}`
  return `
    with me as materialized (${me})
    select coalesce((select sum(s.others) from split_counts as s where ${isOf} and ${start("s")} < ${start("b")}), 0)::bigint as counted,
      array(
        select t.user_id from ${name} as t
        where ${sameKey("t", "me")} and t.contributions > 0 and ${place("t")} >= ${start("b")} and ${place("t")} < ${place("me")}
      ) as users
    from me cross join lateral (
      select s.* from split_counts as s where ${isOf} and ${start("s")} <= ${place("me")} order by ${bucketsBack} limit 1
    ) as b`
}

/** What a database subtracts from the number of all users of a key: the tenant and the key. */
export const othersOfKey = (sql: PgClient.PgClient, name: string, [tenantId, ...key]: readonly [string, ...ReadonlyArray<string>]) =>
  sql<{ others: bigint }>`
    select coalesce(sum(others), 0)::bigint as others from split_counts
    where ranking = ${name} and tenant_id = ${tenantId}::uuid and key = ${arrayOf.text(key)}::text[]`
