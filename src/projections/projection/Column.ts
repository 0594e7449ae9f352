import type { EntityKindName } from "./columns/entityKinds.ts"
import type { SummedKindName, TotalKindName } from "./columns/totalKinds.ts"

/**
 * A column of a totals table. Its kind says how contributions to it come together. All kinds are
 * commutative and associative: neither the order in which events arrive nor their cut into chunks
 * changes a value (docs/design.md#counters).
 *
 * - `count`, `amount`: added up. What an entity no longer contributes is subtracted.
 * - `greatest` (starts at 0), `earliest`, `latest` (start at null): the extreme of all
 *   contributions. When an entity withdraws the value it contributed, the user's totals are rebuilt
 *   from all of the user's entities.
 * - `days`: the set of dates contributed, kept as runs.
 * - `difference`: of two other columns, which may be differences declared before it. It is computed
 *   when a row is read, and never stored.
 *
 * Rules can use `hidden` columns, and readers do not get them. A `description` tells readers what
 * the name does not.
 */
export type TotalColumn = StoredColumn | DifferenceColumn

/** A column with a value of its own in each row. */
export interface StoredColumn {
  readonly kind: TotalKindName
  readonly hidden?: true
  readonly description?: string
}

/** A column that is computed from two others when a row is read. */
export interface DifferenceColumn {
  readonly kind: "difference"
  /** The kind of both columns. */
  readonly of: SummedKindName
  readonly minuend: string
  readonly subtrahend: string
  readonly description?: string
}

/** Whether each row of the table has a value of the column. */
export const isStored = (column: TotalColumn): column is StoredColumn => column.kind !== "difference"

/** A number of things, added up. Contribute a whole number. */
export const count = { kind: "count" } as const
/** An exact decimal, added up. Contribute decimal text. */
export const amount = { kind: "amount" } as const
/** The greatest amount, at least 0. Contribute decimal text. */
export const greatest = { kind: "greatest" } as const
/** The least time, null without one. Contribute epoch milliseconds. */
export const earliest = { kind: "earliest" } as const
/** The greatest time, null without one. Contribute epoch milliseconds. */
export const latest = { kind: "latest" } as const
/** The set of dates. Contribute one as days since 1970-01-01. */
export const days = { kind: "days" } as const
/** `minuend` − `subtrahend`, two amounts of the same table. */
export const difference = <const M extends string, const S extends string>(minuend: M, subtrahend: S) =>
  ({ kind: "difference", of: "amount", minuend, subtrahend }) as const
/** `minuend` − `subtrahend`, two counts of the same table. */
export const countDifference = <const M extends string, const S extends string>(minuend: M, subtrahend: S) =>
  ({ kind: "difference", of: "count", minuend, subtrahend }) as const

/**
 * A column of an entity table: what a fold remembers of one thing, for example of a payment.
 * `empty` is its value before anything is known. Amounts are decimal text, times epoch
 * milliseconds.
 */
export type EntityColumn =
  | { readonly kind: Exclude<EntityKindName, "flag" | "tally">; readonly empty: null }
  | { readonly kind: "flag"; readonly empty: boolean | null }
  | { readonly kind: "tally"; readonly empty: 0 }

/** Text, null until set. */
export const text = { kind: "text", empty: null } as const
/** An exact decimal as text, null until set. */
export const decimal = { kind: "decimal", empty: null } as const
/** A time in epoch milliseconds, null until set. */
export const time = { kind: "time", empty: null } as const
/** True or false; false until set. */
export const flag = { kind: "flag", empty: false } as const
/** True, false or not known; null until set. */
export const maybeFlag = { kind: "flag", empty: null } as const
/** A whole number that starts at 0. */
export const tally = { kind: "tally", empty: 0 } as const
/**
 * A JSON value that only the machinery understands: readers do not get it, and versions are not
 * compared by it.
 */
export const internal = { kind: "internal", empty: null } as const

/** Whether readers get a column of an entity table. */
export const isShown = ({ kind }: EntityColumn): boolean => kind !== "internal"
