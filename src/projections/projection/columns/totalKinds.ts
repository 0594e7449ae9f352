import { amountKind } from "./amount.ts"
import { countKind } from "./count.ts"
import { daysKind } from "./days.ts"
import { earliestKind } from "./earliest.ts"
import { greatestKind } from "./greatest.ts"
import { latestKind } from "./latest.ts"
import type { SummedKind, TotalKind, TotalValue } from "./TotalKind.ts"

/** The kinds of stored columns of a totals table. What one is for: see its word in `Column.ts`. */
export const totalKinds = {
  count: countKind,
  amount: amountKind,
  greatest: greatestKind,
  earliest: earliestKind,
  latest: latestKind,
  days: daysKind
} as const satisfies Readonly<Record<string, TotalKind>>

type TotalKinds = typeof totalKinds
export type TotalKindName = keyof TotalKinds

/** The kinds that two columns may have a difference of. */
export type SummedKindName = NamesOf<{ subtract: (...args: ReadonlyArray<never>) => unknown }>

/** The kinds with one value that a document shows. */
export type ShownKindName = NamesOf<{ document: object }>

/** What a fold contributes to a column of a kind. */
export type ContributedTo<K extends TotalKindName> = Parameters<TotalKinds[K]["one"]>[0]

/** What a column of a kind is read as. */
export type ReadFrom<K extends TotalKindName> = ReturnType<TotalKinds[K]["merge"]> | TotalKinds[K]["nothing"]

/** What is particular to a stored column, for the machinery: its own types forgotten. */
export const kindOf = ({ kind }: { readonly kind: TotalKindName }): TotalKind => totalKinds[kind]

/** What is particular to the columns that a difference is of. */
export const operandKind = ({ of }: { readonly of: SummedKindName }): SummedKind<string | number, TotalValue> => totalKinds[of]

type NamesOf<P> = { [K in TotalKindName]: TotalKinds[K] extends P ? K : never }[TotalKindName]
