import { describe, expect, it } from "vitest"
import packed2026b from "zones-2026b/data/packed/latest.json" with { type: "json" }
import packed2026c from "zones-2026c/data/packed/latest.json" with { type: "json" }
import { currentZones, pinnedZones } from "../../../src/values/zones/pinnedZones.ts"
import { runtimeZones } from "../../../src/values/zones/runtimeZones.ts"
import { zoneData } from "../../../src/values/zones/ZoneData.ts"
import { clockChanges } from "../../oracle/accountItems.ts"
import * as reference from "../../oracle/instant.ts"
import { seededRandom } from "../../oracle/random.ts"

const millisecondsOfDay = 86_400_000
const day = (date: string) => Date.parse(date) / millisecondsOfDay
const localDay = (instant: number, timeZone: string) => currentZones.calendar(timeZone).day(instant)
const start = (day: number, timeZone: string) => currentZones.calendar(timeZone).start(day)

// Zones of which this data and that of Node 24 and of Deno say the same.
const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "America/Sao_Paulo",
  "Asia/Kathmandu",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "Africa/Cairo",
  "Africa/Monrovia",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Atlantic/Azores"
]

// What the service does differs from runtime to runtime as little as its data does. ICU's 2026b has
// these two otherwise than IANA's.
const otherInRuntime: Readonly<Record<string, ReadonlyArray<string>>> = { "2026b": ["America/Vancouver", "America/Tijuana"], "2026c": [] }

describe("the day", () => {
  const runtime = process.versions["tz"] ?? ""
  const sameAsRuntime = [packed2026b, packed2026c].find(({ version }) => version === runtime)

  it.skipIf(sameAsRuntime === undefined)(
    `is what the runtime says of every zone, where both have the data ${runtime} (SKIPPED on runtimes with other data)`,
    () => {
      if (sameAsRuntime === undefined) throw new Error("unreachable: the test is skipped")
      const data = zoneData(sameAsRuntime)
      const others = new Set(otherInRuntime[runtime])
      const random = seededRandom(20)
      const [first, last] = [Date.UTC(1970, 0, 1), Date.UTC(2201, 0, 1)]
      const names = [...data.names].filter(([, target]) => !others.has(target)).map(([name]) => name)
      expect(names.length).toBeGreaterThan(580)
      for (const name of names) {
        const [calendar, intl] = [data.calendar(name), runtimeZones.calendar(name)]
        for (let round = 0; round < 40; round++) {
          const instant = first + random.below(last - first)
          if (calendar.day(instant) !== reference.localDay(instant, name)) expect.fail(`${name} ${new Date(instant).toISOString()}`)
          const date = calendar.day(instant)
          if (round < 3 && calendar.start(date) !== intl.start(date)) expect.fail(`${name} begins ${date} otherwise`)
        }
      }
    },
    30_000
  )

  it.each(zones)("is the date that a calendar in %s shows", (timeZone) => {
    const random = seededRandom(1)
    const [first, last] = [Date.UTC(1900, 0, 1), Date.UTC(2201, 0, 1)]
    for (let round = 0; round < 100; round++) {
      const instant = first + random.below(last - first)
      // On the same day in all its parts, so that an offset that is remembered meets times before
      // and after a change of the clocks.
      for (const at of [instant, instant + random.below(millisecondsOfDay), instant - random.below(millisecondsOfDay)]) {
        expect(localDay(at, timeZone), new Date(at).toISOString()).toBe(reference.localDay(at, timeZone))
      }
    }
  })

  it.each([
    ["1899-12-31T18:38:49.999Z", "Asia/Kolkata", "1899-12-31"],
    ["1899-12-31T18:38:50.000Z", "Asia/Kolkata", "1900-01-01"],
    ["1969-12-31T23:59:59.999Z", "UTC", "1969-12-31"],
    ["2011-12-30T09:59:59.999Z", "Pacific/Apia", "2011-12-29"],
    ["2011-12-30T10:00:00.000Z", "Pacific/Apia", "2011-12-31"],
    // Berlin leaves winter time on this day: it begins at +01:00 and ends at +02:00.
    ["2026-03-28T22:59:59.999Z", "Europe/Berlin", "2026-03-28"],
    ["2026-03-28T23:00:00.000Z", "Europe/Berlin", "2026-03-29"],
    ["2026-03-29T21:59:59.999Z", "Europe/Berlin", "2026-03-29"],
    ["2026-03-29T22:00:00.000Z", "Europe/Berlin", "2026-03-30"],
    // Summer time goes on after 2037.
    ["2150-07-01T21:59:59.999Z", "Europe/Berlin", "2150-07-01"],
    ["2150-07-01T22:00:00.000Z", "Europe/Berlin", "2150-07-02"],
    // From 2026 on there is summer time all year: two dates, on each runtime.
    ["2026-11-14T12:00:00.000Z", "America/Vancouver", "2026-11-14"],
    ["2026-11-15T07:30:00.000Z", "America/Vancouver", "2026-11-15"]
  ])("%s in %s is %s", (instant, timeZone, date) => {
    expect(localDay(Date.parse(instant), timeZone)).toBe(day(date))
  })

  it("is the same by each name of a zone, and by the names that tenants could be given once", () => {
    const instants = Array.from({ length: 200 }, (_, nth) => Date.UTC(1960, 0, 1) + nth * 124 * 86_399_000)
    for (
      const [spelled, zone] of [
        ["Asia/Calcutta", "Asia/Kolkata"],
        ["europe/malta", "Europe/Malta"],
        ["utc", "UTC"],
        ["EST", "Etc/GMT+5"],
        ["+02:00", "Etc/GMT-2"],
        ["-0300", "Etc/GMT+3"],
        ["+14", "Etc/GMT-14"]
      ] as const
    ) {
      expect(instants.map((at) => localDay(at, spelled)), spelled).toEqual(instants.map((at) => localDay(at, zone)))
    }
  })

  it.each(["Europe/Nowhere", "+24:00", "GMT+1", "", "__proto__", "constructor"])("refuses %j, which is no zone", (text) => {
    expect(() => localDay(0, text)).toThrow(RangeError)
  })
})

describe("pinned data", () => {
  it.each(pinnedZones.map((data) => [data.version, data] as const))(
    "%s can be read to the last zone, and goes on beyond 2037",
    (version, data) => {
      expect(version).toMatch(/^20\d\d[a-z]$/)
      expect(data.names.size).toBeGreaterThan(590)
      for (const [name, target] of data.names) {
        const [calendar, ofTarget] = [data.calendar(name), data.calendar(target)]
        for (const year of [1900, 1970, 2000, 2026, 2038, 2200]) {
          const instant = Date.UTC(year, 6, 1)
          expect(Math.abs(calendar.day(instant) - instant / millisecondsOfDay), name).toBeLessThanOrEqual(1)
          expect(ofTarget.day(instant)).toBe(calendar.day(instant))
          const date = calendar.day(instant)
          expect(calendar.dayAt(calendar.place(date))).toBe(date)
        }
      }
      const berlin = data.calendar("Europe/Berlin")
      expect(berlin.start(day("2200-07-01"))).toBe(Date.parse("2200-06-30T22:00:00Z"))
      expect(berlin.start(day("2200-01-01"))).toBe(Date.parse("2199-12-31T23:00:00Z"))
    }
  )
})

describe("the first instant of a day", () => {
  it.each([
    ["2026-06-15", "UTC", "2026-06-15T00:00:00.000Z"],
    ["2026-06-15", "America/New_York", "2026-06-15T04:00:00.000Z"],
    ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z"],
    ["2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00.000Z"],
    // Midnight to one o'clock did not exist.
    ["2026-04-24", "Africa/Cairo", "2026-04-23T22:00:00.000Z"],
    ["2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"],
    // The clocks went back from one o'clock to midnight, which came twice.
    ["2026-10-25", "Atlantic/Azores", "2026-10-25T00:00:00.000Z"],
    // One minute after midnight the clocks went back to the day before.
    ["2010-11-07", "America/St_Johns", "2010-11-07T02:30:00.000Z"],
    // The day before was the 29th.
    ["2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
    ["2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
    ["2012-01-01", "Pacific/Apia", "2011-12-31T10:00:00.000Z"],
    ["1995-01-01", "Pacific/Kiritimati", "1994-12-31T10:00:00.000Z"],
    // Mean time of the place: +05:21:10, and −00:44:30 until 1972.
    ["1900-01-01", "Asia/Kolkata", "1899-12-31T18:38:50.000Z"],
    ["1960-05-05", "Africa/Monrovia", "1960-05-05T00:44:30.000Z"]
  ])("%s in %s is %s", (date, timeZone, instant) => {
    expect(new Date(start(day(date), timeZone)).toISOString()).toBe(instant)
  })

  it.each(zones)("begins the day in %s, whatever the clocks do", (timeZone) => {
    const random = seededRandom(2)
    const changes = clockChanges({ now: Date.parse("2026-12-31"), timeZone })
    const some = Array.from({ length: 3 }, () => day("1900-01-02") + random.below(109_570))
    for (const at of [...changes.flatMap((change) => [change, change + 1]), ...some]) {
      expect(start(at, timeZone), new Date(at * millisecondsOfDay).toISOString()).toBe(reference.firstInstantOfDay(at, timeZone))
    }
  })
})

describe("the place of a day", () => {
  it.each([
    ["Pacific/Apia", "2011-12-30"],
    ["Pacific/Fakaofo", "2011-12-30"],
    ["Pacific/Kiritimati", "1994-12-31"],
    ["Pacific/Kwajalein", "1993-08-21"]
  ])("in %s leaves out %s, and is the day itself after it", (timeZone, missing) => {
    const calendar = currentZones.calendar(timeZone)
    const [before, after] = [day(missing) - 1, day(missing) + 1]
    expect([before - 1, before, after, after + 1].map(calendar.place)).toEqual([before, before + 1, after, after + 1])
    for (const date of [before - 1, before, after, after + 1]) expect(calendar.dayAt(calendar.place(date))).toBe(date)
    expect([reference.dayBefore(after, timeZone), reference.dayAfter(before, timeZone)]).toEqual([before, after])
  })

  it("is the day itself where no date was ever left out", () => {
    for (const timeZone of ["UTC", "Europe/Berlin", "America/Sao_Paulo"]) {
      const { dayAt, place } = currentZones.calendar(timeZone)
      for (const date of [-25_000, 0, 15_338, 80_000]) expect([place(date), dayAt(date)]).toEqual([date, date])
    }
  })
})
