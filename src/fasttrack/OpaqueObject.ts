import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { canonicalObject, isJsonObject, type JsonObject } from "./canonicalJson.ts"
import { decimalText, numberTooLong } from "./decimalText.ts"
import { isJsonNumber } from "./JsonNumber.ts"
import { textProblem } from "./Text.ts"

const maxDepth = 16

/**
 * What is wrong with a value inside an opaque object, if anything. The object itself is at depth 1.
 */
const problemOf = (value: unknown, depth: number): string | undefined => {
  if (typeof value === "string") return textProblem(value)
  if (isJsonNumber(value)) return decimalText(value) === undefined ? numberTooLong : undefined
  if (typeof value !== "object" || value === null) return undefined
  if (depth > maxDepth) return `must not be nested deeper than ${maxDepth} levels`
  if (Array.isArray(value)) return firstProblem(value, depth)
  return firstProblem(Object.keys(value), depth) ?? firstProblem(Object.values(value), depth)
}

const firstProblem = (values: ReadonlyArray<unknown>, depth: number): string | undefined => {
  for (const value of values) {
    const problem = problemOf(value, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}

/**
 * An object whose inside the published API does not show: kept whole, at most 16 levels deep, its
 * texts and numbers under the same rules as all others, read in canonical form
 * (docs/design.md#values).
 */
export const OpaqueObject = Schema.declare(isJsonObject, {
  message: "must be an object",
  toCodecJson: () =>
    Schema.link<JsonObject>()(Schema.Record(Schema.String, Schema.Any), {
      decode: SchemaGetter.passthrough(),
      encode: SchemaGetter.passthrough()
    })
}).pipe(
  Schema.decode({
    decode: SchemaGetter.transformEffect((value) => {
      const problem = problemOf(value, 1)
      return problem === undefined
        ? Effect.succeed(canonicalObject(value))
        : Effect.fail(new SchemaIssue.InvalidValue({ message: `something in it ${problem}` }))
    }),
    encode: SchemaGetter.passthrough()
  })
)
