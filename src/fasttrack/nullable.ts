import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** A field that may be null; `expected` says what it is otherwise. */
export const nullable = <S extends Schema.Constraint>(schema: S, expected: string) =>
  Schema.NullOr(schema).annotate({ message: `must be ${expected} or null` })

/** A field that may be null or absent, which say the same: it is read as null. */
export const optionalNullable = <S extends Schema.Constraint>(schema: S, expected: string) =>
  nullable(schema, expected).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null)))
