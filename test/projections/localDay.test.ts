import { describe, expect, it } from "vitest"
import { firstInstantOfDay, localDay } from "../../src/projections/localDay.ts"
import { clockChanges } from "../reference/accountItems.ts"
import * as reference from "../reference/instant.ts"
import { seededRandom } from "../reference/random.ts"

const day = (date: string) => Date.parse(date) / 86_400_000

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

describe("localDay", () => {
  it.each(zones)("is the date that a calendar in %s shows", (timeZone) => {
    const random = seededRandom(1)
    const [first, last] = [Date.UTC(1900, 0, 1), Date.UTC(2201, 0, 1)]
    for (let round = 0; round < 100; round++) {
      const instant = first + random.below(last - first)
      // On the same day in all its parts, so that an offset that is remembered meets times before and after a change of the clocks.
      for (const at of [instant, instant + random.below(86_400_000), instant - random.below(86_400_000)]) {
        expect(localDay(at, timeZone), new Date(at).toISOString()).toBe(reference.localDay(at, timeZone))
      }
    }
  })

  it.each([
    ["1899-12-31T18:38:49.999Z", "Asia/Kolkata", "1899-12-31"],
    ["1899-12-31T18:38:50.000Z", "Asia/Kolkata", "1900-01-01"],
    ["1890-01-01T00:00:00.000Z", "Asia/Kolkata", "1890-01-01"],
    ["1969-12-31T23:59:59.999Z", "UTC", "1969-12-31"],
    ["2011-12-30T09:59:59.999Z", "Pacific/Apia", "2011-12-29"],
    ["2011-12-30T10:00:00.000Z", "Pacific/Apia", "2011-12-31"],
    // Berlin leaves winter time on this day: it begins at +01:00 and ends at +02:00.
    ["2026-03-28T22:59:59.999Z", "Europe/Berlin", "2026-03-28"],
    ["2026-03-28T23:00:00.000Z", "Europe/Berlin", "2026-03-29"],
    ["2026-03-29T21:59:59.999Z", "Europe/Berlin", "2026-03-29"],
    ["2026-03-29T22:00:00.000Z", "Europe/Berlin", "2026-03-30"]
  ])("%s in %s is %s", (instant, timeZone, date) => {
    expect(localDay(Date.parse(instant), timeZone)).toBe(day(date))
  })

  it("forgets days beyond what it keeps, and is right all the same", () => {
    const start = Date.UTC(1950, 0, 1, 3)
    for (let at = 0; at < 9000; at++) localDay(start + at * 86_400_000, "Europe/London")
    expect(localDay(Date.parse("1950-07-01T23:30:00Z"), "Europe/London")).toBe(day("1950-07-02"))
  })

  it("refuses what is no zone", () => {
    expect(() => localDay(0, "Europe/Nowhere")).toThrow(RangeError)
  })
})

describe("firstInstantOfDay", () => {
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
  ])("of %s in %s is %s", (date, timeZone, instant) => {
    expect(new Date(firstInstantOfDay(day(date), timeZone)).toISOString()).toBe(instant)
  })

  it.each(zones)("begins the day in %s, whatever the clocks do", (timeZone) => {
    const random = seededRandom(2)
    const changes = clockChanges({ now: Date.parse("2026-12-31"), timeZone })
    const some = Array.from({ length: 3 }, () => day("1900-01-02") + random.below(109_570))
    for (const at of [...changes.flatMap((change) => [change, change + 1]), ...some]) {
      expect(firstInstantOfDay(at, timeZone), new Date(at * 86_400_000).toISOString()).toBe(reference.firstInstantOfDay(at, timeZone))
    }
  })
})
