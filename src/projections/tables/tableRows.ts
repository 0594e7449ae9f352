import type { PgTypes } from "@effect/sql-pg"
import { arrayOf } from "../../database/arrayOf.ts"
import { known } from "../../values/known.ts"
import type { TotalsRow } from "../fold/Totals.ts"
import { type EntityColumn, isStored, type StoredColumn } from "../projection/Column.ts"
import { entityKindOf } from "../projection/columns/entityKinds.ts"
import { kindOf, operandKind } from "../projection/columns/totalKinds.ts"
import type { EntityRow, EntityTable } from "../projection/EntityTable.ts"
import type { AnyProjection } from "../projection/Projection.ts"
import type { ReadRow } from "../projection/Section.ts"

/*
 * How rows travel between memory and the driver: as parameters one way, as the driver's values the
 * other.
 */

/** The parameter of a column of an entity table. */
export const entityArray = (column: EntityColumn, values: ReadonlyArray<EntityRow[string] | undefined>): PgTypes.Parameter => {
  const kind = entityKindOf(column)
  const encoded = kind.encode === undefined ? values : values.map((value) => kind.encode?.(value))
  return kind.arrayOf === "int8" ? arrayOf.int8(encoded.map(Number)) : arrayOf[kind.arrayOf](encoded)
}

/**
 * The parameter of a totals table's nth column: null where rows add nothing to it, and no elements
 * at all if none of them adds anything.
 *
 * Most cells of most tables add nothing. A null takes both sides half of the time that a 0 does, a
 * missing element a quarter.
 */
export const totalArray = (nth: number, column: StoredColumn, rows: ReadonlyArray<TotalsRow>): PgTypes.Parameter => {
  const { nothing, sql } = kindOf(column)
  let isNothing = true
  const elements = rows.map(({ values }) => {
    const value = values[nth]
    if (value === undefined || value === nothing) return null
    isNothing = false
    return sql.encode(value)
  })
  return arrayOf[sql.parameter.arrayOf](isNothing ? [] : elements)
}

/** An entity's row as the driver gives it, as folds have it. */
export const entityRow = ({ columns, key }: EntityTable, row: Readonly<Record<string, unknown>>): EntityRow => {
  const entity: EntityRow = {}
  for (const name of key) entity[name] = String(row[name])
  for (const [name, column] of Object.entries(columns)) {
    const value = row[name]
    // What a kind decodes to is what a fold put there.
    entity[name] = value === null || value === undefined ? null : entityKindOf(column).decode(value) as EntityRow[string]
  }
  return entity
}

/**
 * Turns a row as the driver gives it into a row as a fold in memory has it, of what a section is
 * made from.
 */
export const rowReader = ({ entities, totals }: AnyProjection): (row: Readonly<Record<string, unknown>>) => ReadRow => {
  const decoders = new Map<string, (value: unknown) => unknown>()
  if (totals !== undefined) {
    for (const [name, column] of Object.entries(totals.columns)) {
      decoders.set(name, (isStored(column) ? kindOf(column) : operandKind(column)).sql.decode)
    }
  } else {
    const [first] = Object.values(entities)
    for (const [name, column] of Object.entries(known(first, "table to read").columns)) decoders.set(name, entityKindOf(column).decode)
  }
  // Whose row it is, a section does not show.
  return ({ tenant_id: _, user_id: __, ...row }) => {
    const read: Record<string, unknown> = {}
    for (const [name, value] of Object.entries(row)) {
      const decode = decoders.get(name)
      read[name] = decode === undefined || value === null ? value : decode(value)
    }
    return read
  }
}
