import * as Schema from "effect/Schema"
import { Count } from "../../../values/jsonValues.ts"
import { type SummedKind, unchanged } from "./TotalKind.ts"

/** A number of things, added up. */
export const countKind = {
  nothing: 0,
  one: (count) => count,
  merge: (a, b) => a + b,
  subtract: (from, count) => from - count,
  differenceSchema: Schema.Int,
  sql: {
    column: "bigint not null",
    // What a chunk or a user comes to fits. The sums of the table have more room.
    parameter: { type: "int", arrayOf: "int4" },
    encode: (value) => value,
    decode: Number,
    zero: "0",
    merge: (stored, added) => `${stored} + ${added}`,
    shown: unchanged,
    fetched: unchanged,
    isNumber: true
  },
  document: { schema: Count, present: (value) => value }
} satisfies SummedKind<number, number>
