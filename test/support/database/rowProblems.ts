import { isDeepStrictEqual } from "node:util"
import type { FoldResult } from "../../../src/projections/fold/FoldResult.ts"
import { valueIn } from "../../../src/projections/fold/Totals.ts"
import type { EntityColumn, TotalColumn } from "../../../src/projections/projection/Column.ts"
import type { AnyProjection } from "../../../src/projections/projection/Projection.ts"

/**
 * The most UTF-8 bytes of a row's key, so that an entry of the index (2,704 bytes) still has room
 * for the longest user id.
 */
const maxKeyBytes = 1600

/**
 * Why the rows that a fold came to could not be written, which would park the user: wrong kinds of
 * values, keys too long for an index.
 */
export const rowProblems = (projection: AnyProjection, result: FoldResult): ReadonlyArray<string> => {
  if (result._tag !== "Folded") return []
  const problems = new Set<string>()
  const checkKey = (table: string, key: ReadonlyArray<unknown>) => {
    if (key.some((part) => !isText(part))) problems.add(`${table}: the key ${shown(key)} is not made of texts`)
    if (Buffer.byteLength(key.join("")) > maxKeyBytes) {
      problems.add(
        `${table}: a key of ${
          Buffer.byteLength(key.join(""))
        } bytes; beside the longest user_id, the index takes ${maxKeyBytes}: see gameKey`
      )
    }
  }
  for (const { row, table } of result.entities) {
    const declared = projection.entities[table]
    // Tables that the machinery adds are its own affair.
    if (declared === undefined) continue
    checkKey(table, declared.key.map((name) => row[name]))
    for (const [name, column] of Object.entries(declared.columns)) {
      if (!fits(column, row[name])) problems.add(`${table}.${name}: ${shown(row[name])} is not of the kind ${column.kind}`)
    }
    for (const name of Object.keys(row)) {
      if (!declared.key.includes(name) && declared.columns[name] === undefined) problems.add(`${table}.${name} is no column`)
    }
  }
  for (const row of result.totals) {
    checkKey("totals", row.key)
    Object.entries(projection.totals?.columns ?? {}).forEach(([name, column], nth) => {
      const value = valueIn(row, nth, column)
      if (!comesTo(column, value)) problems.add(`totals.${name}: ${String(value)} is not of the kind ${column.kind}`)
    })
  }
  return [...problems]
}

const comesTo = ({ kind }: TotalColumn, value: unknown): boolean => {
  switch (kind) {
    case "count":
      return Number.isSafeInteger(value)
    case "earliest":
    case "latest":
      return value === null || Number.isSafeInteger(value)
    case "amount":
    case "greatest":
      return isDecimal(value)
    case "days":
      return Array.isArray(value) && value.flat().every(Number.isSafeInteger)
    case "difference":
      return true
  }
}

const isDecimal = (value: unknown): boolean => typeof value === "string" && /^(0|-?[1-9]\d*(\.\d*[1-9])?|-?0\.\d*[1-9])$/.test(value)

const fits = (column: EntityColumn, value: unknown): boolean => {
  if (value === null) return column.kind !== "tally" && column.empty === null
  switch (column.kind) {
    case "text":
      return isText(value)
    case "decimal":
      return isDecimal(value)
    case "time":
    case "tally":
      return Number.isSafeInteger(value)
    case "flag":
      return typeof value === "boolean"
    case "internal":
      return isDeepStrictEqual(JSON.parse(JSON.stringify(value) ?? "null"), value)
  }
}

const isText = (value: unknown): boolean => typeof value === "string" && value.isWellFormed() && !value.includes("\0")

const shown = (value: unknown): string => (JSON.stringify(value) ?? "undefined").slice(0, 80)
