import * as Schema from "effect/Schema"
import { compareUtf8 } from "../../values/compareUtf8.ts"
import { Amount, Count, TimeOrNull, timeText } from "../../values/jsonValues.ts"
import type { TotalColumn } from "./Column.ts"
import type { ReadRow, Section } from "./Section.ts"

/** A column that has one value a row to show. */
type ShownColumn = Exclude<TotalColumn, { readonly kind: "days" }> | (TotalColumn & { readonly hidden: true })

const schemaOf = (column: TotalColumn) => {
  switch (column.kind === "difference" ? column.of : column.kind) {
    case "count":
      return column.kind === "difference" ? Schema.Int : Count
    case "earliest":
    case "latest":
      return TimeOrNull
    default:
      return Amount
  }
}

/**
 * The section of a projection whose totals are kept per `currency`: `{ CUR: { …columns } }`, the
 * columns in the order of their declaration, differences among them, hidden ones left out
 * (docs/design.md#counters). A currency without a row does not appear.
 */
export const byCurrency = (columns: Readonly<Record<string, ShownColumn>>): Section => {
  const shown = Object.entries(columns).filter(([, column]) => !("hidden" in column))
  const value = ({ kind }: TotalColumn, stored: unknown) => kind === "earliest" || kind === "latest" ? timeText(stored) : stored
  const figures = (row: ReadRow) => Object.fromEntries(shown.map(([name, column]) => [name, value(column, row[name])]))
  const figuresSchema = Schema.Struct(Object.fromEntries(
    shown.map(([name, column]) => {
      const { description } = column
      const schema: Schema.Codec<unknown> = schemaOf(column)
      return [name, description === undefined ? schema : schema.annotateKey({ description })]
    })
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
