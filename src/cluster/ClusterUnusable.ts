import * as Schema from "effect/Schema"

/** This process cannot be a runner of a cluster. `message` says what to do. */
export class ClusterUnusable extends Schema.TaggedError<ClusterUnusable>("playtally/cluster/ClusterUnusable")("ClusterUnusable", {
  message: Schema.String
}) {}
