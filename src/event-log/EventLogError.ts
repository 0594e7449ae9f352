import * as Schema from "effect/Schema"

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
