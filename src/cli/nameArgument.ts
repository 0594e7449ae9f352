import { Argument } from "effect/cli"
import * as Schema from "effect/Schema"

const Name = Schema.String.check(
  Schema.isPattern(/^\S(.{0,98}\S)?$/u, { message: "Expected 1 to 100 characters on one line, without space at the ends" })
)

/** An argument that is a name: one line that can be typed again. */
export const nameArgument = (argument: string, description: string) =>
  Argument.String(argument).pipe(Argument.withDescription(description), Argument.withSchema(Name))
