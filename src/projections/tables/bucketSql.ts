import type { Ranking, TotalsTable } from "../projection/TotalsTable.ts"

/** The totals of a version that ranks users by them. */
export interface RankedTable {
  /** What the names of the version's tables begin with. */
  readonly prefix: string
  /** The name of the totals table. */
  readonly name: string
  readonly table: TotalsTable
  readonly ranking: Ranking
}

/** A user's place in a ranking, of a row of the totals. */
export const place = (alias: string): string => `(${alias}.rank_score, ${alias}.rank_at, ${alias}.user_id)`

/** The place at which a bucket begins. */
export const start = (alias: string): string => `(${alias}.from_score, ${alias}.from_at, ${alias}.from_user)`

/** The order of places. */
export const byPlace = "rank_score, rank_at, user_id"

/** The order of buckets from a place back, and from a place on. */
export const bucketsBack = "from_score desc, from_at desc, from_user desc"
export const bucketsOn = "b.from_score, b.from_at, b.from_user"

/** Where a key's first bucket begins. */
export const firstStart = "'-Infinity'::numeric, '-infinity'::timestamptz, ''"

/** The pieces of SQL that the statements of a ranking have in common. */
export const bucketSql = ({ prefix, ranking, table }: RankedTable) => {
  const buckets = `${prefix}buckets`
  const keys = ["tenant_id", ...table.key.map((key) => `"${key}"`)]
  const size = ranking.bucketSize ?? 1000
  const sameKey = (a: string, b: string) => keys.map((key) => `${a}.${key} = ${b}.${key}`).join(" and ")
  return {
    /** The table of the buckets. */
    buckets,
    /** The tenant and the parts of the key. */
    keys,
    /** A bucket with more users is split. */
    size,
    /** About how many users the parts have, and the most that two buckets are merged to. */
    half: Math.ceil(size / 2),
    /** A bucket with this number of users or fewer is merged. */
    small: Math.floor(size / 8),
    ofKeys: (alias: string) => keys.map((key) => `${alias}.${key}`).join(", "),
    sameKey,
    /** Has the key of the parameters from the first on. */
    given: (alias: string) => keys.map((key, index) => `${alias}.${key} = $${index + 1}${index === 0 ? "::uuid" : ""}`).join(" and "),
    /** The number of the first parameter after the key. */
    next: keys.length + 1,
    /** The bucket that a row of the totals is in. */
    bucketOf: (alias: string) =>
      `select b.* from ${buckets} as b where ${sameKey("b", alias)} and ${start("b")} <= ${place(alias)} order by ${bucketsBack} limit 1`,
    /** Reads the bucket after the one in a variable, of the same key, into another variable. */
    bucketAfter: (variable: string) =>
      `from ${buckets} as b
        where ${sameKey("b", variable)} and ${start("b")} > ${start(variable)} order by ${bucketsOn} limit 1`,
    /** Is the bucket in a variable. */
    isBucket: (variable: string) => `${sameKey("b", variable)} and ${start("b")} = ${start(variable)}`,
    /**
     * Lies in the bucket of a variable, which ends where the one in `following` begins, if there is
     * one.
     */
    liesIn: (variable: string) =>
      `${sameKey("t", variable)} and t.contributions > 0 and ${place("t")} >= ${start(variable)} and ${place("t")} < (
          coalesce(following.from_score, 'Infinity'), coalesce(following.from_at, 'infinity'), coalesce(following.from_user, ''))`
  }
}

export type BucketSql = ReturnType<typeof bucketSql>
