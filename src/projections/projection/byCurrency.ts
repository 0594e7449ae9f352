import * as Schema from "effect/Schema"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { isStored, type StoredColumn, type TotalColumn } from "./Column.ts"
import type { TotalValue } from "./columns/TotalKind.ts"
import { kindOf, operandKind, type ShownKindName } from "./columns/totalKinds.ts"
import type { ReadRow, Section } from "./Section.ts"

/** A column with one value a row that a document can show, or one that it does not show. */
type ShownColumn =
  | Exclude<TotalColumn, StoredColumn>
  | (StoredColumn & ({ readonly kind: ShownKindName } | { readonly hidden: true }))

/** How a document shows a column. */
const documentOf = (column: TotalColumn) => {
  if (!isStored(column)) return { schema: operandKind(column).differenceSchema, present: (value: TotalValue | null): unknown => value }
  const { document } = kindOf(column)
  if (document === undefined) throw new Error(`A column of the kind ${column.kind} has no single value to show: hide it`)
  return document
}

/**
 * The section of a projection whose totals are kept per `currency`: `{ CUR: { …columns } }`
 * (docs/design.md#counters).
 *
 * The columns come in the order of their declaration, differences among them. Hidden ones are left
 * out, as are currencies without a row.
 */
export const byCurrency = (columns: Readonly<Record<string, ShownColumn>>): Section => {
  const shown = Object.entries(columns)
    .filter(([, column]) => !("hidden" in column))
    .map(([name, column]) => ({ name, description: column.description, ...documentOf(column) }))
  // As the totals of a row are read.
  const figures = (row: ReadRow) => Object.fromEntries(shown.map(({ name, present }) => [name, present(row[name] as TotalValue | null)]))
  const figuresSchema = Schema.Struct(Object.fromEntries(
    shown.map(({ description, name, schema }) => [name, description === undefined ? schema : schema.annotateKey({ description })])
  ))
  return {
    schema: Schema.Record(Schema.String, figuresSchema).annotate({ description: "By currency, upper-cased" }),
    present: (rows) =>
      Object.fromEntries(
        rows.map((row) => [String(row["currency"]), figures(row)] as const).sort(([a], [b]) => compareUtf8(a, b))
      ),
    rowOf: ([currency]) => currency === undefined ? undefined : [currency]
  }
}
