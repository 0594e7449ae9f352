import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { isJsonNumber, type JsonNumber } from "./JsonNumber.ts"
import { readAs } from "./readAs.ts"
import { textOf } from "./Text.ts"

const message = "must be a string or an integer"
const integer = /^-?\d+(?=(?:\.0+)?$)/

/**
 * The decimal text of a JSON integer, with all its digits; undefined of any other number. A
 * fraction of zeros says nothing, so 1.0 is 1, and -0 is 0; an exponent is none of an id.
 */
export const integerText = (value: JsonNumber): string | undefined => {
  const text = integer.exec(typeof value === "number" ? String(value) : value.rawJSON)?.[0]
  return text === "-0" ? "0" : text
}

/**
 * A text of `min` to `max` code points, or a JSON integer, which means its decimal text.
 * `annotations` go into the API's description.
 */
export const textOrInteger = (min?: number, max?: number, annotations?: Schema.Annotations.Documentation<string>) => {
  const text = textOf(min, max, annotations)
  return Schema.declare(isTextOrNumber, {
    message,
    toCodecJson: () =>
      Schema.link<string | JsonNumber>()(Schema.Union([text, Whole]), {
        decode: SchemaGetter.transform((value) => value),
        encode: SchemaGetter.transform((value) => typeof value === "string" ? value : Number(value))
      })
  }).pipe(
    Schema.decodeTo(textOf(min, max, { message: `${message}, without fraction and exponent` }), {
      decode: readAs((value) => typeof value === "string" ? value : integerText(value)),
      encode: SchemaGetter.transform((value): string | JsonNumber => value)
    })
  )
}

const isTextOrNumber = (value: unknown): value is string | JsonNumber => typeof value === "string" || isJsonNumber(value)

/** For the API's description: of any length, so without the bounds of `Schema.Int`. */
const Whole = Schema.Finite.check(Schema.makeFilter(Number.isInteger, { toJsonSchema: () => ({ type: "integer" }) }))
