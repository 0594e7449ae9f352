import type { Random } from "../../oracle/random.ts"
import { type JsonSchema, type Resolve, schemaValue } from "../fuzz/JsonSchema.ts"

/** Not random at all: takes what is optional, and the first of alternatives. */
const everything: Random = {
  next: () => 0.5,
  below: (limit) => Math.min(1, limit - 1),
  chance: () => true,
  pick: <A>(values: ReadonlyArray<A>): A => values[0] as A
}

/** A value that a schema allows, with every member it can have and one element in every array. */
export const wholeValue = (resolve: Resolve, schema: JsonSchema): unknown => schemaValue(everything, resolve, schema)
