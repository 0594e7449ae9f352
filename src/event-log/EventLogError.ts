import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SqlError } from "effect/sql"

/**
 * The log did not answer in time, or not at all.
 *
 * The caller does not know whether the events were stored. To append them again is safe: what was
 * stored comes back as a duplicate.
 */
export class EventLogUnavailable
  extends Schema.TaggedError<EventLogUnavailable>("playtally/event-log/EventLogUnavailable")("EventLogUnavailable", {
    cause: Schema.Defect()
  })
{}

/**
 * The log contradicts itself: a position was used twice, or a position is missing.
 *
 * Nothing is written until an operator has looked (`events verify` says what is wrong). A retry
 * does not help.
 */
export class EventLogCorrupt extends Schema.TaggedError<EventLogCorrupt>("playtally/event-log/EventLogCorrupt")("EventLogCorrupt", {
  message: Schema.String
}) {}

/**
 * The database does not serve a slice: the slice has moved to another one (docs/partitions.md).
 *
 * It is the cause of an `EventLogUnavailable` or a `DatabaseUnavailable`. Nothing was stored and
 * nothing was read.
 */
export class SliceMoved extends Schema.TaggedError<SliceMoved>("playtally/event-log/SliceMoved")("SliceMoved", {}) {
  override get message(): string {
    return "The database does not serve the slice: it has moved to another one."
  }
}

/** Fails because the slice has moved, within a transaction: {@link isMoved} knows the error. */
export const sliceMoved: Effect.Effect<never, SqlError.SqlError> = Effect.suspend(() =>
  Effect.fail(new SqlError.SqlError({ reason: new SqlError.UnknownError({ cause: new SliceMoved(), operation: "slice" }) }))
)

/** Whether an error says that a slice has moved. */
export const isMoved = (error: unknown): boolean => {
  const cause = typeof error === "object" && error !== null && "cause" in error ? error.cause : undefined
  return cause instanceof SliceMoved || (SqlError.isSqlError(cause) && cause.reason.cause instanceof SliceMoved)
}
