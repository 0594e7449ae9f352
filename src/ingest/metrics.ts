import * as Metric from "effect/Metric"

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
/** Items refused, by reason. */
export const eventsRejected = perKind("playtally_events_rejected", "Items refused")
