import type { Calendar } from "./Calendar.ts"
import type { ZoneData } from "./ZoneData.ts"

const day = 86_400_000
const second = 1000

/**
 * UTC offsets in milliseconds by UTC day, of the days on which the zone keeps one; `null` for the
 * others.
 */
interface Zone {
  readonly format: Intl.DateTimeFormat
  readonly offsets: Map<number, number | null>
}

// Eleven years of days take some 400 KB. What does not fit is computed again.
const maxDays = 4096
const maxZones = 64
const zones = new Map<string, Zone>()

const zoneOf = (timeZone: string): Zone => {
  const known = zones.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
    timeZone,
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    hourCycle: "h23"
  })
  const zone = { format, offsets: new Map() }
  if (zones.size >= maxZones) zones.clear()
  zones.set(timeZone, zone)
  return zone
}

/**
 * What the zone's clocks are ahead of UTC at an instant on a whole second, asked of the runtime's
 * own data.
 */
const computeOffset = (instant: number, { format }: Zone): number => {
  const shown = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 }
  for (const { type, value } of format.formatToParts(instant)) {
    if (type in shown) shown[type as keyof typeof shown] = Number(value)
  }
  return Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute, shown.second) - instant
}

/**
 * Zones change their offset on whole seconds and never twice within a week (the least in the tz
 * database is 167 hours), so two equal offsets a day or so apart hold in between.
 */
const offsetAt = (instant: number, zone: Zone): number => {
  const utcDay = Math.floor(instant / day)
  let offset = zone.offsets.get(utcDay)
  if (offset === undefined) {
    const first = computeOffset(utcDay * day, zone)
    offset = first === computeOffset((utcDay + 1) * day - second, zone) ? first : null
    if (zone.offsets.size >= maxDays) zone.offsets.clear()
    zone.offsets.set(utcDay, offset)
  }
  return offset ?? computeOffset(Math.floor(instant / second) * second, zone)
}

const firstInstant = (localDay: number, zone: Zone): number => {
  const midnight = localDay * day
  /** The first instant in `from` … `to` at which the zone's clocks show `midnight` or later. */
  const search = (from: number, to: number): number | undefined => {
    const offset = offsetAt(from, zone)
    if (from + offset >= midnight) return from
    if (offset === offsetAt(to, zone)) return midnight - offset <= to ? midnight - offset : undefined
    if (to - from <= second) return to + offsetAt(to, zone) >= midnight ? to : undefined
    const middle = Math.floor((from + to) / 2 / second) * second
    return search(from, middle) ?? search(middle, to)
  }
  // No clock is, or was since 1900, 16 hours or more off UTC.
  const found = search(midnight - 16 * 3_600_000, midnight + 16 * 3_600_000)
  if (found === undefined) throw new Error(`no day ${localDay}`)
  return found
}

const calendarOf = (timeZone: string): Calendar => {
  zoneOf(timeZone)
  return {
    // Looked up each time, for the zones that are kept are bounded.
    day: (instant) => Math.floor((instant + offsetAt(instant, zoneOf(timeZone))) / day),
    start: (localDay) => firstInstant(localDay, zoneOf(timeZone)),
    // The versions that this data is for took dates for neighbours that the zone had in between.
    place: (localDay) => localDay,
    dayAt: (place) => place
  }
}

/**
 * The zone data of the runtime, which differs between runtimes and changes with their updates. It
 * is only for the versions of projections that were released before data was pinned, and only until
 * a newer version has taken over.
 */
export const runtimeZones: ZoneData = { version: null, names: new Map(), calendar: calendarOf }
