import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { decimalText, numberTooLong } from "./decimalText.ts"
import { isJsonNumber, type JsonNumber, toJsonNumber } from "./JsonNumber.ts"

const tooLong = new SchemaIssue.InvalidValue({ message: numberTooLong })

/** `documented` is what the API's description shows: a plain number, though one of any length is read. */
const amount = (documented: Schema.Codec<number>) =>
  Schema.declare(isJsonNumber, {
    message: "must be a number",
    toCodecJson: () =>
      Schema.link<JsonNumber>()(documented, { decode: SchemaGetter.transform((value) => value), encode: SchemaGetter.transform(Number) })
  }).pipe(
    Schema.decodeTo(Schema.String, {
      decode: SchemaGetter.transformEffect((value) => {
        const text = decimalText(value)
        return text === undefined ? Effect.fail(tooLong) : Effect.succeed(text)
      }),
      encode: SchemaGetter.transform(toJsonNumber)
    })
  )

/** A number on the wire, read as canonical decimal text with every digit kept: an amount, or the odds of a bet. */
export const Amount = amount(Schema.Finite)

/** An amount that is 0 where it is left out. */
export const AmountOrZero = amount(Schema.Finite.annotate({ default: 0 })).pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)))
