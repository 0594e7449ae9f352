import * as Metric from "effect/Metric"
import { isEventType } from "../fasttrack/FastTrackEvent.ts"

const perKind = (name: string, description: string) => {
  const counter = Metric.counter(name, { description, incremental: true })
  const kinds = new Map<string, typeof counter>()
  return (kind: string) => {
    const known = kinds.get(kind)
    if (known !== undefined) return known
    const made = Metric.withAttributes(counter, { kind })
    kinds.set(kind, made)
    return made
  }
}

/** Events newly stored, by kind. */
export const eventsAccepted = perKind("playtally_events_accepted", "Events newly stored")
/** Events that were stored before, by kind. */
export const eventsDuplicate = perKind("playtally_events_duplicate", "Events that were stored before")
/**
 * Events newly stored that no projection counts, for their type or status is no word that counts,
 * by kind.
 */
export const eventsUncounted = perKind(
  "playtally_events_uncounted",
  "Events newly stored that no projection counts, by reason of their type or status"
)
const rejected = {
  invalid: perKind("playtally_events_invalid", "Items refused because they are invalid"),
  idempotency_conflict: perKind("playtally_events_conflict", "Items refused because their key was used with other content")
}

/** Items refused for a reason, by kind; what is no kind of ours counts as `unknown`. */
export const eventsRejected = (reason: keyof typeof rejected, event: string | null) =>
  rejected[reason](event !== null && isEventType(event) ? event : "unknown")
