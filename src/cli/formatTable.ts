import { CliOutput } from "effect/cli"
import { known } from "../values/known.ts"
import { printable } from "./printable.ts"

/**
 * Columns under their headings. Each is as wide in the terminal as its widest cell.
 *
 * The last column is not padded. Cells are made printable.
 */
export const formatTable = (headings: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const table = [headings, ...rows.map((row) => row.map(printable))]
  const widths = headings.map((_, column) => Math.max(...table.map((row) => CliOutput.displayWidth(row[column] ?? ""))))
  const pad = (cell: string, column: number) => cell + " ".repeat(known(widths[column], "width of a column") - CliOutput.displayWidth(cell))
  return table.map((row) => row.map((cell, column) => column === row.length - 1 ? cell : pad(cell, column)).join("  "))
}
