import { PgTypes } from "@effect/sql-pg"
import * as Result from "effect/Result"

const parameter = (oid: number) => (values: ReadonlyArray<unknown>): PgTypes.Parameter => Result.getOrThrow(PgTypes.array(values, oid))

/**
 * Array parameters with their element type named.
 *
 * One constant statement then takes any number of rows (`unnest($1, …)`), and an empty array has a
 * type too. Times are epoch milliseconds, numerics decimal text. A value that does not fit its type
 * fails the query, not this call.
 */
export const arrayOf = {
  bool: parameter(PgTypes.OID.bool),
  bytea: parameter(PgTypes.OID.bytea),
  int2: parameter(PgTypes.OID.int2),
  int4: parameter(PgTypes.OID.int4),
  int8: (values: ReadonlyArray<number | bigint>): PgTypes.Parameter => parameter(PgTypes.OID.int8)(values.map(BigInt)),
  numeric: parameter(PgTypes.OID.numeric),
  text: parameter(PgTypes.OID.text),
  timestamptz: parameter(PgTypes.OID.timestamptz),
  uuid: parameter(PgTypes.OID.uuid)
} as const
