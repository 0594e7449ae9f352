import * as Schema from "effect/Schema"
import { optionalWithDefault } from "./nullable.ts"

export const Flag = Schema.Boolean.annotate({ message: "must be true or false" })

/** A flag that is false where it is left out. */
export const FlagOrFalse = optionalWithDefault(Flag, "true, false", false)
