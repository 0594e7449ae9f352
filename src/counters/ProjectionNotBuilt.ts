import * as Schema from "effect/Schema"

/**
 * Projections that are asked for were never rebuilt: they have no rows of the log yet. It lasts
 * until an operator rebuilds them.
 */
export class ProjectionNotBuilt extends Schema.TaggedError<ProjectionNotBuilt>("playtally/counters/ProjectionNotBuilt")(
  "ProjectionNotBuilt",
  { projections: Schema.Array(Schema.String) }
) {}
