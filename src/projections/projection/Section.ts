import type * as Schema from "effect/Schema"
import type { ReadContext } from "./FoldContext.ts"

/**
 * A row as it is read, whatever its table. See `TotalsReadRow` and `Entity` for their own types.
 */
export type ReadRow = Readonly<Record<string, unknown>>

/**
 * How a user's rows become a part of the counters document (docs/design.md#counters), and the
 * schema of that part for the API's description.
 */
export interface Section<R = ReadRow, C = ReadContext> {
  readonly schema: Schema.Top
  readonly present: (rows: ReadonlyArray<R>, context: C) => unknown
  /**
   * The key of the one row of the totals that a value of the section is made from, by the names
   * that lead to the value. Undefined if the value may be made from any row.
   *
   * It saves time for a reader that follows one value through a user's events: the other rows need
   * not be presented.
   */
  readonly rowOf?: (names: ReadonlyArray<string>) => ReadonlyArray<string> | undefined
}
