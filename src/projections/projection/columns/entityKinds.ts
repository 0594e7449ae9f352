import { unchanged } from "./TotalKind.ts"

/** A kind of column of an entity table: everything that is particular to it. */
export interface EntityKind<V = unknown> {
  /** The SQL type, of the column and of a parameter's elements. */
  readonly type: string
  /** The array that carries the elements of a parameter. */
  readonly arrayOf: "text" | "numeric" | "timestamptz" | "bool" | "int8"
  /** An element of that array; the value itself unless given. */
  encode?(value: V | null): unknown
  /** A value as the driver gives it, other than null. */
  decode(value: unknown): V
  /** The SQL of a value as readers and folds get it. */
  shown(value: string): string
  /** Whether two versions are compared by the difference of the values. */
  readonly isNumber: boolean
}

const text: EntityKind<string> = { type: "text", arrayOf: "text", decode: String, shown: unchanged, isNumber: false }

const decimal: EntityKind<string> = {
  type: "numeric",
  arrayOf: "numeric",
  decode: String,
  // Without zeros at the end.
  shown: (value) => `trim_scale(${value})`,
  isNumber: true
}

/** In epoch milliseconds. */
const time: EntityKind<number> = {
  type: "timestamptz",
  arrayOf: "timestamptz",
  decode: Number,
  shown: unchanged,
  isNumber: false
}

const flag: EntityKind<boolean> = {
  type: "boolean",
  arrayOf: "bool",
  decode: (value) => value === true,
  shown: unchanged,
  isNumber: false
}

const tally: EntityKind<number> = { type: "bigint", arrayOf: "int8", encode: Number, decode: Number, shown: unchanged, isNumber: true }

const internal: EntityKind<ReadonlyArray<unknown>> = {
  // Not json, which would be checked each time it is written.
  type: "text",
  arrayOf: "text",
  encode: (value) => JSON.stringify(value),
  decode: (value) => JSON.parse(String(value)),
  shown: unchanged,
  isNumber: false
}

/** The kinds of columns of an entity table. What one is for: see its word in `Column.ts`. */
export const entityKinds = { text, decimal, time, flag, tally, internal } as const satisfies Readonly<Record<string, EntityKind>>

export type EntityKindName = keyof typeof entityKinds

/** What a fold keeps in a column of a kind. */
export type KeptIn<K extends EntityKindName> = ReturnType<(typeof entityKinds)[K]["decode"]>

/** What is particular to a column, for the machinery: its own type forgotten. */
export const entityKindOf = ({ kind }: { readonly kind: EntityKindName }): EntityKind => entityKinds[kind]
