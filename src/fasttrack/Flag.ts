import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

export const Flag = Schema.Boolean.annotate({ message: "must be true or false" })

/** A flag that is false where it is left out. */
export const FlagOrFalse = Flag.annotate({ default: false }).pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
