import type { Calendar } from "../../values/zones/Calendar.ts"
import type { ZoneData } from "../../values/zones/ZoneData.ts"

/** What a fold may know besides the event. */
export interface FoldContext {
  /** IANA zone in which the tenant's days begin. */
  readonly timeZone: string
  /** The day with which the tenant's weeks begin, 1 (Monday) to 7; Monday unless given. */
  readonly weekStart?: number
}

/** What a section is read with: the zone, and the instant that counts as now. */
export interface ReadContext extends FoldContext {
  /** Epoch milliseconds. */
  readonly now: number
}

/** The days of the tenant's zone, by the zone data that the version is for. */
export interface WithCalendar {
  readonly calendar: Calendar
}

/**
 * Adds to a context the calendar of its zone.
 *
 * The zone and the calendar are looked up when a fold asks for them: a fold that never asks does
 * not depend on the zone (`dependsOnTimeZone.ts`).
 */
export const withCalendar = (zones: ZoneData) => {
  let last: FoldContext | undefined
  let own: (ReadContext & WithCalendar) | undefined
  // All events of a user come with the same context.
  return (context: FoldContext): ReadContext & WithCalendar => {
    if (context === last && own !== undefined) return own
    last = context
    let calendar: Calendar | undefined
    return own = {
      get timeZone() {
        return context.timeZone
      },
      get weekStart() {
        return context.weekStart ?? 1
      },
      get calendar() {
        return calendar ??= zones.calendar(context.timeZone)
      },
      // Only a reading's context has it, and only a reading's type tells of it.
      now: (context as ReadContext).now
    }
  }
}
