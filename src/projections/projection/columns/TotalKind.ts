import type * as Schema from "effect/Schema"
import type { DayRuns } from "../../../values/dayRuns.ts"

/**
 * What has come together in one column: a number for counts and times, canonical decimal text for
 * amounts, runs of epoch days for dates.
 */
export type TotalValue = number | string | DayRuns

/**
 * A kind of column of a totals table: everything that is particular to it.
 *
 * `C` is what a fold contributes, `V` is what contributions come to, and `N` is the value without
 * any. `merge` is commutative and associative: neither the order of events nor their cut into
 * chunks changes a value (docs/design.md#counters).
 *
 * A new kind is a file beside this one, a line in `totalKinds.ts`, and its word in `Column.ts`.
 */
export type TotalKind<C extends string | number = string | number, V extends TotalValue = TotalValue, N extends V | null = V | null> =
  | SummedKind<C, V>
  | CollectedKind<C, V, N>

/** A kind whose contributions are taken off again by subtraction. */
export interface SummedKind<C extends string | number, V extends TotalValue> extends Merged<C, V, V> {
  subtract(from: V, contributed: C): V
  /** The schema of a difference of two columns of this kind, which may be below 0. */
  readonly differenceSchema: Schema.Codec<unknown>
  readonly collect?: undefined
  readonly covers?: undefined
}

/**
 * A kind that a contribution cannot be subtracted from: an extreme, or a set. A withdrawal needs
 * all the contributions that are left.
 */
export interface CollectedKind<C extends string | number, V extends TotalValue, N extends V | null = V> extends Merged<C, V, N> {
  readonly subtract?: undefined
  /** Whether the value stays the same without `withdrawn`, because `kept` is contributed too. */
  covers(kept: C, withdrawn: C): boolean
  /** An empty collection of contributions. */
  collect(): Collected<C, V>
}

/** The contributions to one column of one row, each with how often it is made. */
export interface Collected<C extends string | number = string | number, V extends TotalValue = TotalValue> {
  add(contributed: C): void
  /** Takes off what was added before. */
  remove(contributed: C): void
  /** What is left comes to this; undefined if that is nothing. */
  value(): V | undefined
}

// Methods, and not functions in properties: so a kind of any types is assignable to the type with
// the defaults, which is what the machinery works with.
interface Merged<C extends string | number, V extends TotalValue, N extends V | null> {
  readonly nothing: N
  /** What one contribution comes to; undefined if that is nothing. */
  one(contributed: C): V | undefined
  merge(a: V, b: V): V
  readonly sql: TotalSql<V>
  /** How a document shows the value; undefined for a kind that has no single value to show. */
  readonly document: { readonly schema: Schema.Codec<unknown>; present(value: V | null): unknown } | undefined
}

/** A kind in SQL. */
export interface TotalSql<V extends TotalValue> {
  /** The type of the column, with its constraint. */
  readonly column: string
  /** The type of a parameter's elements in the statement, and of the array that carries them. */
  readonly parameter: { readonly type: string; readonly arrayOf: "int4" | "numeric" | "timestamptz" | "text" }
  /** An element of that array. */
  encode(value: V): unknown
  /** A value as the driver gives it, other than null. */
  decode(value: unknown): V
  /** The column's value where a null is given, for a column that takes no nulls. */
  readonly zero: string | undefined
  /** What the upsert stores: `merge` in SQL. */
  merge(stored: string, added: string): string
  /** A value as views and readers get it. */
  shown(value: string): string
  /** The value as the driver can read it. */
  fetched(value: string): string
  /** Whether two versions are compared by the difference of the values. */
  readonly isNumber: boolean
}

/** What a statement leaves as it is. */
export const unchanged = (value: string): string => value
