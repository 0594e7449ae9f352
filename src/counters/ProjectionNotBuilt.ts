import * as Schema from "effect/Schema"

/**
 * Projections that a read asks for were never rebuilt, so they have no rows of the log yet.
 *
 * The error lasts until an operator rebuilds them.
 */
export class ProjectionNotBuilt extends Schema.TaggedError<ProjectionNotBuilt>("playtally/counters/ProjectionNotBuilt")(
  "ProjectionNotBuilt",
  { projections: Schema.Array(Schema.String) }
) {}
