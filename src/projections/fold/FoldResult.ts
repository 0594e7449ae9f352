import type { EntityRow } from "../projection/EntityTable.ts"
import type { TotalsRow } from "./Totals.ts"

/** Names one entity row of a user. */
export type EntityKey = readonly [table: string, ...key: ReadonlyArray<string>]

/** What a user's events come to. */
export type FoldResult =
  /** The fold asked for rows that are not loaded. Load them, and fold the same events again. */
  | { readonly _tag: "Missing"; readonly keys: ReadonlyArray<EntityKey> }
  | {
    readonly _tag: "Folded"
    /** The entity rows that the events touched, as they now stand. */
    readonly entities: ReadonlyArray<{ readonly table: string; readonly row: EntityRow }>
    /** What is to be added to the user's totals. */
    readonly totals: ReadonlyArray<TotalsRow>
    /**
     * Set if something was withdrawn that adding cannot undo. The totals then have to be rebuilt
     * from all of the user's entities.
     */
    readonly recount: boolean
  }
  /** What the fold threw. */
  | { readonly _tag: "Failed"; readonly error: unknown }
