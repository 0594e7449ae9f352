import * as Schema from "effect/Schema"

/**
 * The folder of projections of your own cannot be used. Nothing starts: a service without one of
 * its projections would answer numbers that miss events.
 *
 * - `NoFolder`: it is not there, or cannot be read.
 * - `NoFiles`: it has no file that could have a projection.
 * - `DoesNotLoad`: a file has a mistake, or imports what is not there.
 * - `NoProjection`: a file exports nothing that `Projection.make` gave.
 * - `BadName`: a projection has a name that a table or a section cannot have.
 * - `NameTaken`: playtally has a projection of that name.
 * - `TwiceTheSame`: two files have the same version of a projection.
 */
export class ProjectionsUnusable
  extends Schema.TaggedError<ProjectionsUnusable>("playtally/projections/ProjectionsUnusable")("ProjectionsUnusable", {
    reason: Schema.Literals(["NoFolder", "NoFiles", "DoesNotLoad", "NoProjection", "BadName", "NameTaken", "TwiceTheSame"]),
    /** The folder, or the file in it. */
    path: Schema.String,
    message: Schema.String
  })
{}
