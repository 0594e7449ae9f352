import * as Schema from "effect/Schema"

/** A page that cannot be shown, or a change that is not made. It becomes a page that says why. */
export class ConsoleProblem extends Schema.TaggedError<ConsoleProblem>("playtally/console/ConsoleProblem")("ConsoleProblem", {
  status: Schema.Int,
  /** A few words. */
  title: Schema.String,
  /** What happened, in a sentence or two. */
  detail: Schema.String,
  /** What to do about it, if anything can be done. */
  advice: Schema.optionalKey(Schema.String)
}) {}

/** There is no such page, or not for this viewer. Which of the two is not told. */
export const noSuchPage = (what = "There is no page at this address."): ConsoleProblem =>
  new ConsoleProblem({ status: 404, title: "Not found", detail: what })

/** The request cannot be understood. */
export const badRequest = (detail: string): ConsoleProblem => new ConsoleProblem({ status: 400, title: "Not understood", detail })
