const dayMillis = 86_400_000

/**
 * Milliseconds since the epoch of a timestamp in any spelling docs/design.md#values admits:
 * one-digit hour, space or `t`, optional fraction (cut, not rounded, to milliseconds), seconds or
 * none, optional zone (absent means UTC). Throws on other text; does not check that the date
 * exists.
 */
export const instantOf = (timestamp: string): number => {
  const parts = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d?):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:[Zz]|([+-])(\d\d):?(\d\d))?$/.exec(timestamp)
  if (parts === null) throw new Error(`not a timestamp: ${timestamp}`)
  const [, year, month, day, hour, minute, second = "0", fraction = "", sign, zoneHour = "0", zoneMinute = "0"] = parts
  const millis = Number(fraction.slice(0, 3).padEnd(3, "0"))
  const written = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), millis)
  const ahead = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000
  return sign === "-" ? written + ahead : written - ahead
}

/** RFC 3339, UTC, milliseconds. */
export const timeString = (instant: number): string => new Date(instant).toISOString()

const formats = new Map<string, Intl.DateTimeFormat>()
const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", { timeZone, year: "numeric", month: "numeric", day: "numeric" })
  formats.set(timeZone, format)
  return format
}

/**
 * The local date of an instant as a day number: days from 1970-01-01 to that date in the calendar.
 */
export const localDay = (instant: number, timeZone: string): number => {
  const [month, day, year] = formatOf(timeZone).format(instant).split("/").map(Number)
  if (month === undefined || day === undefined || year === undefined) throw new Error(`no local date for ${instant}`)
  return Date.UTC(year, month - 1, day) / dayMillis
}

/**
 * Whether the zone's calendar ever showed that day: it is looked at every twelve hours, and days
 * are longer.
 */
const hadDay = (day: number, timeZone: string): boolean =>
  [11, -1, 23, -13, 35].some((hours) => localDay(day * dayMillis + hours * 3_600_000, timeZone) === day)

/** The last day before `day` that the zone had. */
export const dayBefore = (day: number, timeZone: string): number => {
  const before = day - 1
  return hadDay(before, timeZone) ? before : dayBefore(before, timeZone)
}

/** The first day after `day` that the zone had. */
export const dayAfter = (day: number, timeZone: string): number => {
  const after = day + 1
  return hadDay(after, timeZone) ? after : dayAfter(after, timeZone)
}

const firstInstants = new Map<string, number>()

/**
 * The first instant at which the zone's calendar shows that day (a later one if it skips the day):
 * found by trying every minute, then every second, so that it needs to know nothing about offsets,
 * midnights that are skipped or days that begin twice.
 */
export const firstInstantOfDay = (day: number, timeZone: string): number => {
  const key = `${timeZone} ${day}`
  const known = firstInstants.get(key)
  if (known !== undefined) return known
  let instant = day * dayMillis - 16 * 3_600_000
  while (localDay(instant, timeZone) < day) instant += 60_000
  instant -= 60_000
  while (localDay(instant, timeZone) < day) instant += 1_000
  firstInstants.set(key, instant)
  return instant
}
