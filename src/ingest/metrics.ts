import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { eventKinds } from "../fasttrack/eventKinds.ts"
import { isEventType } from "../fasttrack/FastTrackEvent.ts"

const counterOf = (name: string, description: string, attributes: Readonly<Record<string, string>>) =>
  Metric.counter(name, { description, incremental: true, attributes })
type Counter = ReturnType<typeof counterOf>

/**
 * A counter for each kind of event.
 *
 * Each is a metric of its own: one with attributes added by `withAttributes` would make the text of
 * its key again whenever the kind changes.
 */
const perKind = (name: string, description: string, attributes: Readonly<Record<string, string>> = {}) => {
  const kinds = new Map<string, Counter>()
  return (kind: string): Counter => {
    const known = kinds.get(kind)
    if (known !== undefined) return known
    const made = counterOf(name, description, { ...attributes, kind })
    kinds.set(kind, made)
    return made
  }
}

const ofOutcome = (outcome: string) => perKind("playtally_events_total", "Items taken in or refused, by outcome and kind", { outcome })
const byOutcome = {
  accepted: ofOutcome("accepted"),
  duplicate: ofOutcome("duplicate"),
  invalid: ofOutcome("invalid"),
  idempotency_conflict: ofOutcome("conflict")
}

/** Events newly stored, by kind. */
export const eventsAccepted = byOutcome.accepted
/** Events that were stored before, by kind. */
export const eventsDuplicate = byOutcome.duplicate
/** Events newly stored that no projection counts: their type or status is no word that counts. */
export const eventsUncounted = perKind(
  "playtally_uncounted_events_total",
  "Events newly stored that no projection counts, by reason of their type or status"
)

/** Items refused for a reason, by kind; the kind of an item that has none of ours is `unknown`. */
export const eventsRejected = (reason: "invalid" | "idempotency_conflict", event: string | null): Counter =>
  byOutcome[reason](event !== null && isEventType(event) ? event : "unknown")

/** Shows the metrics of ingestion before they have a first value. */
export const showIngestMetrics: Effect.Effect<void> = Effect.forEach(
  Object.keys(eventKinds).flatMap((kind) => [...Object.values(byOutcome), eventsUncounted].map((counters) => counters(kind))),
  Metric.value,
  { discard: true }
)
