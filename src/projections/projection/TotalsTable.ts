import type { TotalColumn } from "./Column.ts"
import type { ContributedTo, ReadFrom, SummedKindName, TotalKindName } from "./columns/totalKinds.ts"

/** The rows a user is counted in: one per key, for example per currency. */
export interface TotalsTable {
  readonly key: ReadonlyArray<string>
  readonly columns: Readonly<Record<string, TotalColumn>>
}

/** The parts of a key by name. */
export type KeyOf<K extends ReadonlyArray<string>> = { readonly [P in K[number]]: string }

type ContributionOf<C> = C extends { readonly kind: infer K extends TotalKindName } ? ContributedTo<K> : never

type ReadOf<C> = C extends { readonly kind: infer K extends TotalKindName } ? ReadFrom<K>
  : C extends { readonly kind: "difference"; readonly of: infer K extends SummedKindName } ? ReadFrom<K>
  : never

/**
 * What one event, or one entity as it stands, adds to the totals row of the key it names. Columns
 * left out get nothing.
 */
export type Contribution<T extends TotalsTable> =
  & KeyOf<T["key"]>
  & {
    readonly [P in keyof T["columns"] as T["columns"][P] extends { readonly kind: "difference" } ? never : P]?: ContributionOf<
      T["columns"][P]
    >
  }

/** A contribution whatever its table. */
export type ContributionRow = Readonly<Record<string, string | number>>

/**
 * A row of the totals as it is read: numbers for counts, canonical decimal text for amounts, epoch
 * milliseconds for times, runs for days.
 */
export type TotalsReadRow<T extends TotalsTable> = KeyOf<T["key"]> & { readonly [P in keyof T["columns"]]: ReadOf<T["columns"][P]> }

/**
 * The order of users by their totals, within each key: the greater score first, of equal scores the
 * one that was reached earlier, then the lesser user_id.
 *
 * Both are SQL over the columns of the row. They have to be immutable, for an index keeps them.
 */
export interface Ranking {
  /** Of type numeric. */
  readonly score: string
  /** Of type timestamptz. */
  readonly reachedAt: string
  /** Most users counted together in a bucket (`rankingTables.ts`); 1,000 unless given. */
  readonly bucketSize?: number
}
