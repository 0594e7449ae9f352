import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { decimalText, numberTooLong } from "./decimalText.ts"
import { isJsonNumber, type JsonNumber, toJsonNumber } from "./JsonNumber.ts"
import { optionalWithDefault } from "./nullable.ts"
import { readAs } from "./readAs.ts"

/**
 * A number on the wire, read as canonical decimal text with every digit kept: an amount, or the
 * odds of a bet.
 */
export const Amount = Schema.declare(isJsonNumber, {
  message: "must be a number",
  // The API's description shows a plain number, though one of any length is read.
  toCodecJson: () =>
    Schema.link<JsonNumber>()(Schema.Finite, { decode: SchemaGetter.transform((value) => value), encode: SchemaGetter.transform(Number) })
}).pipe(
  Schema.decodeTo(Schema.String.annotate({ message: numberTooLong, format: "decimal" }), {
    decode: readAs(decimalText),
    encode: SchemaGetter.transform(toJsonNumber)
  })
)

/** An amount that is 0 where it is left out. */
export const AmountOrZero = optionalWithDefault(Amount, "a number", 0)
