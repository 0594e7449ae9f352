import type { EntityColumn } from "./Column.ts"
import type { EntityKindName, KeptIn } from "./columns/entityKinds.ts"
import type { KeyOf } from "./TotalsTable.ts"

/**
 * One kind of thing that a fold keeps per user, one row for each thing. A key of texts names the
 * row, and the columns say what the fold remembers.
 */
export interface EntityTable {
  readonly key: ReadonlyArray<string>
  readonly columns: Readonly<Record<string, EntityColumn>>
}

type ValueOf<C> = C extends { readonly kind: infer K extends Exclude<EntityKindName, "internal">; readonly empty: infer E }
  ? KeptIn<K> | (E extends null ? null : never)
  : never

/** The row of one entity. A fold changes its columns in place. */
export type Entity<T extends EntityTable> = KeyOf<T["key"]> & { -readonly [P in keyof T["columns"]]: ValueOf<T["columns"][P]> }

/** Gives the row of a key, empty if there is none yet. */
export type Entities<E extends Readonly<Record<string, EntityTable>>> = {
  readonly [P in keyof E]: (...key: ReadonlyArray<string>) => Entity<E[P]>
}

/** What is known of some of a user's events that follow each other. */
export type Summary<C extends Readonly<Record<string, EntityColumn>>> = { readonly [P in keyof C]: ValueOf<C[P]> }

/** An entity's row whatever its table. Only an internal column has an array. */
export type EntityRow = Record<string, string | number | boolean | null | ReadonlyArray<unknown>>
