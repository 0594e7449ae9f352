import { type Draw, id } from "./Draw.ts"
import type { FastTrackItem } from "./FastTrackItem.ts"
import { firstInstantOfDay, localDay } from "./instant.ts"
import { spellInstant } from "./spellings.ts"

const day = 86_400_000

/** The days of the last year, as day numbers, around which the zone's clocks change. */
export const clockChanges = ({ now, timeZone }: Pick<Draw, "now" | "timeZone">): ReadonlyArray<number> => {
  const today = localDay(now, timeZone)
  const clock = new Intl.DateTimeFormat("en-US", { timeZone, hour: "numeric", minute: "numeric", hourCycle: "h23" })
  const noon = (dayNumber: number) => clock.format(dayNumber * day + day / 2)
  return Array.from({ length: 365 }, (_, ago) => today - ago).filter((dayNumber) => noon(dayNumber) !== noon(dayNumber - 1))
}

/**
 * Logins at and around the midnights of the last days and of the days in `around`, in runs with
 * holes, up to the day after tomorrow.
 */
export const loginsOf = (draw: Draw, around: ReadonlyArray<number>): ReadonlyArray<FastTrackItem> => {
  const { random } = draw
  const today = localDay(draw.now, draw.timeZone)
  const eagerness = random.pick([0.2, 0.6, 0.95])
  const recent = Array.from({ length: 14 }, (_, ago) => today + 2 - ago)
  const days = [...recent, ...around.flatMap((changed) => [changed - 1, changed, changed + 1])].filter(() => random.chance(eagerness))
  const login = (instant: number): FastTrackItem => ({
    event: "realtime-login",
    data: { user_id: draw.userId, timestamp: spellInstant(random, instant), unique_id: id(draw) }
  })
  const anytime = random.chance(0.3) ? [login(draw.instant())] : []
  return [
    ...anytime,
    ...days.flatMap((dayNumber) => {
      const [start, end] = [firstInstantOfDay(dayNumber, draw.timeZone), firstInstantOfDay(dayNumber + 1, draw.timeZone)]
      const instants = random.pick([[start], [end - 1], [start, end - 1], [start + random.below(Math.max(1, end - start))], [
        start - 1,
        start,
        start + 1
      ]])
      return instants.map(login)
    })
  ]
}

/** Some account updates, several of them at the same instant. */
export const registrations = (draw: Draw): ReadonlyArray<FastTrackItem> => {
  const { random } = draw
  const times = [draw.instant(), draw.instant()]
  return Array.from({ length: random.below(6) }, (_, position): FastTrackItem => ({
    event: "realtime-registration",
    data: {
      user_id: draw.userId,
      timestamp: spellInstant(random, random.pick(times)),
      unique_id: id(draw),
      username: `player ${position}`,
      registration_date: spellInstant(random, draw.now - random.below(1_000) * day),
      country: random.pick(["MT", "SE", "de"]),
      currency: draw.currency(),
      gender: random.pick(["female", "male", null]),
      consent_email: random.pick([true, false, null]),
      ...random.pick([{}, { segmentation_isPromoBanned: null }, { segmentation_isPromoBanned: true }, {
        segmentation_isPromoBanned: false
      }])
    }
  }))
}
