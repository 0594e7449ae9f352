import * as Schema from "effect/Schema"
import { activeDays, currentRun, lengthOf, longestRun } from "../../values/dayRuns.ts"
import { Count, TimeOrNull, timeText } from "../../values/jsonValues.ts"
import { count, days, earliest, latest } from "../projection/Column.ts"
import * as Projection from "../projection/Projection.ts"

const described = (description: string) => ({ description })

/**
 * Logins and the streaks of dates with a login, dates being those of the tenant's zone
 * (docs/design.md#logins). What depends on the present, the current streak and when it is lost, is
 * made of the set of dates at the time of reading. The set has the places of the dates in the row
 * of dates that the zone had, so that a date that it left out does not end a streak.
 */
export const logins = Projection.make({
  name: "logins",
  version: 2,
  events: ["realtime-login"],
  totals: { key: [], columns: { login_count: count, first_at: earliest, last_at: latest, days } },
  contribute: ({ occurredAt }, { calendar }) => [
    { login_count: 1, first_at: occurredAt, last_at: occurredAt, days: calendar.place(calendar.day(occurredAt)) }
  ],
  section: {
    schema: Schema.Struct({
      login_count: Count,
      first_at: TimeOrNull,
      last_at: TimeOrNull,
      active_days: Count.annotateKey(described("Distinct dates in the tenant's zone")),
      longest_streak: Count.annotateKey(described("Most consecutive dates")),
      current_streak: Count.annotateKey(described("Consecutive dates up to today or, failing that, up to yesterday")),
      streak_expires_at: TimeOrNull.annotateKey(
        described("The start of the first day at which current_streak is 0 without a further login")
      )
    }).annotate({ identifier: "Logins" }),
    present: ([row], { calendar, now }) => {
      const runs = row?.days ?? []
      const current = currentRun(runs, calendar.place(calendar.day(now)))
      return {
        login_count: row?.login_count ?? 0,
        first_at: timeText(row?.first_at ?? null),
        last_at: timeText(row?.last_at ?? null),
        active_days: activeDays(runs),
        longest_streak: longestRun(runs),
        current_streak: current === undefined ? 0 : lengthOf(current),
        // A date without a login is still to be made good on that very date; the streak is lost as
        // the next one begins.
        streak_expires_at: timeText(current === undefined ? null : calendar.start(calendar.dayAt(current[1] + 2)))
      }
    }
  }
})
