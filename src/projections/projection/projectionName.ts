import * as Schema from "effect/Schema"

/** Members of the counters document that are no sections. */
const taken: ReadonlySet<string> = new Set(["user_id", "ref", "time_zone", "position", "generations", "stale"])

/** What a projection may be called, in the database and in the counters document. */
export const ProjectionName = Schema.String.check(
  Schema.isPattern(/^(?=.{1,40}$)[a-z][a-z0-9]*(_[a-z0-9]+)*$/, {
    message: "Expected a name in snake_case of at most 40 characters, such as big_bets"
  })
)

/** Whether the counters document calls something else by a name. */
export const isTaken = (name: string): boolean => taken.has(name)
