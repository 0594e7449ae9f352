import * as Schema from "effect/Schema"

/**
 * A partition is not moved, or not yet: the message says why, and what to do.
 *
 * - `NotReady`: a server cannot replicate, or the target is not a database to move to.
 * - `Unknown`: there is no such partition, or no such move.
 * - `UnderWay`: the partition is moving to another place, or there is another move of its database.
 * - `TakenOver`: another command carries the move on, or has cancelled it.
 * - `TooFarBehind`: the target does not come close enough. The source serves, and the copy goes on.
 * - `Ended`: the partition has moved already, so there is nothing to cancel.
 */
export class MoveRefused extends Schema.TaggedError<MoveRefused>("playtally/partitions/MoveRefused")("MoveRefused", {
  reason: Schema.Literals(["NotReady", "Unknown", "UnderWay", "TakenOver", "TooFarBehind", "Ended"]),
  message: Schema.String
}) {}
