import type { Calendar } from "./Calendar.ts"
import { offsetCalendar } from "./offsetCalendar.ts"
import { unpackZone } from "./unpackZone.ts"

/** IANA zone data of one version. A projection's version names the data that its days are of. */
export interface ZoneData {
  /**
   * IANA's name of the data, such as `2026f`; null for the data of the runtime, which nothing pins.
   */
  readonly version: string | null
  /** Every name, in IANA's spelling: zones and links to them. */
  readonly names: ReadonlyMap<string, string>
  /**
   * The calendar of a zone, by its name in any case. A fixed offset such as `+02:00` has one too:
   * tenants could be made with it once. Throws a RangeError for other text.
   */
  readonly calendar: (timeZone: string) => Calendar
}

/**
 * moment-timezone's `data/packed/latest.json`: a line for each zone, and the links as
 * `target|name`.
 */
export interface PackedZones {
  readonly version: string
  readonly zones: ReadonlyArray<string>
  readonly links: ReadonlyArray<string>
}

/** Reads packed data. A zone is unpacked when it is first asked for. */
export const zoneData = ({ links, version, zones }: PackedZones): ZoneData => {
  const lines = new Map(zones.map((line) => [line.slice(0, line.indexOf("|")), line]))
  const targets = links.map((link) => link.split("|")).map(([target = "", name = ""]) => [name, target] as const)
  const names = new Map([...[...lines.keys()].map((name) => [name, name] as const), ...targets])
  const calendars = new Map<string, Calendar>()

  const make = (timeZone: string): Calendar => {
    const line = lines.get(names.get(timeZone) ?? "")
    if (line !== undefined) return offsetCalendar(unpackZone(line))
    const spelled = spellingOf(names.keys(), timeZone)
    if (spelled !== undefined) return calendar(spelled)
    const offset = fixedOffset(timeZone)
    if (offset === undefined) throw new RangeError(`${JSON.stringify(timeZone.slice(0, 100))} is no zone of the zone data ${version}`)
    return offsetCalendar([{ from: -Infinity, offset }])
  }
  const calendar = (timeZone: string): Calendar => {
    const known = calendars.get(timeZone)
    if (known !== undefined) return known
    const made = make(timeZone)
    // Text that is no zone throws, so there are no more than can be spelled.
    if (calendars.size >= maxCalendars) calendars.clear()
    calendars.set(timeZone, made)
    return made
  }
  return { version, names, calendar }
}

// The 597 names of 2026f take 4.1 MB (Node 24 on x64, November 2026).
const maxCalendars = 1024

/** The name that differs from some text in upper and lower case alone. */
export const spellingOf = (names: Iterable<string>, text: string): string | undefined => {
  const lower = text.toLowerCase()
  for (const name of names) if (name.toLowerCase() === lower) return name
  return undefined
}

/** The milliseconds that an offset such as `+02:00`, `-0930` or `+02` is ahead of UTC. */
export const fixedOffset = (text: string): number | undefined => {
  const [, sign, hours, minutes = "0"] = /^([+-])([01]\d|2[0-3])(?::?([0-5]\d))?$/.exec(text) ?? []
  if (sign === undefined) return undefined
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
  return sign === "-" && offset !== 0 ? -offset : offset
}
