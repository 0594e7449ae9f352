import { printable } from "./printable.ts"

/**
 * Columns under their headings, as wide as they need to be; the last one is not padded. Cells are
 * made printable.
 */
export const formatTable = (headings: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const table = [headings, ...rows.map((row) => row.map(printable))]
  const widths = headings.map((_, column) => Math.max(...table.map((row) => widthOf(row[column] ?? ""))))
  return table.map((row) =>
    row.map((cell, column) => column === row.length - 1 ? cell : cell + " ".repeat((widths[column] ?? 0) - widthOf(cell))).join("  ")
  )
}

const widthOf = (text: string): number => [...text].length
