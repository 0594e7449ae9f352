import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/** A field that may be null; `expected` says what it is otherwise. */
export const nullable = <S extends Schema.Constraint>(schema: S, expected: string) =>
  Schema.NullOr(schema).annotate({ message: `must be ${expected} or null` })

/** What a field that may be left out has on the wire: null says the same as leaving it out. */
const orNull = <S extends Schema.Constraint>(schema: S, expected: string, annotations: Schema.Annotations.Documentation<unknown> = {}) =>
  Schema.optionalKey(nullable(Schema.toEncoded(schema), expected).annotate(annotations))

/** A field that may be null or left out, which say the same: it is read as null. */
export const optionalNullable = <S extends Schema.Constraint>(schema: S, expected: string) => {
  const type = nullable(schema, expected)
  return Schema.optionalKey(Schema.toEncoded(type)).pipe(
    Schema.decodeTo(type, {
      decode: SchemaGetter.transformOptional((value) => Option.isSome(value) ? value : Option.some(null)),
      encode: SchemaGetter.passthrough()
    })
  )
}

/** A field that may be null or left out, which say the same: it is left out then. */
export const optional = <S extends Schema.Constraint>(schema: S, expected: string) =>
  orNull(schema, expected).pipe(
    Schema.decodeTo(Schema.optionalKey(schema), {
      decode: SchemaGetter.transformOptional(Option.filter(Predicate.isNotNull)),
      encode: SchemaGetter.passthrough()
    })
  )

/** A field that may be null or left out, which say the same as `byDefault`. */
export const optionalWithDefault = <S extends Schema.Constraint>(schema: S, expected: string, byDefault: S["Encoded"]) =>
  orNull(schema, expected, { default: byDefault }).pipe(
    Schema.decodeTo(schema, {
      decode: SchemaGetter.transformOptional((value) => Option.isSome(value) && value.value !== null ? value : Option.some(byDefault)),
      encode: SchemaGetter.passthrough()
    })
  )
