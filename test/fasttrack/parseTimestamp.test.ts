import { describe, expect, it } from "@effect/vitest"
import { parseTimestamp } from "../../src/fasttrack/parseTimestamp.ts"
import { seededRandom } from "../oracle/random.ts"

const iso = (text: string): string | undefined => {
  const instant = parseTimestamp(text)
  return instant === undefined ? undefined : new Date(instant).toISOString()
}

/**
 * The grammar of docs/design.md#values said another way: a regular expression, and the calendar of
 * `Date`.
 */
const oracle = (text: string): number | undefined => {
  const match =
    /^((?:19\d\d|2[01]\d\d|2200)-\d\d-\d\d)[Tt ](\d|[01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?(?:[Zz]|([+-])([01]\d|2[0-3]):?([0-5]\d))?$/
      .exec(text)
  if (match === null) return undefined
  const [, date = "", hour = "", minute, second = "00", fraction = "", sign, offsetHour = "0", offsetMinute = "0"] = match
  const written = Date.parse(`${date}T${hour.padStart(2, "0")}:${minute}:${second}.${`${fraction}000`.slice(0, 3)}Z`)
  // Date.parse carries 31 April over into May.
  if (Number.isNaN(written) || new Date(written).toISOString().slice(0, 10) !== date) return undefined
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000
  return sign === "-" ? written + offset : written - offset
}

describe("parseTimestamp", () => {
  it.each([
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31t12:00:00z", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31 12:00:00", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T12:00", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T9:05z", "2026-01-31T09:05:00.000Z"],
    ["2026-01-31 12:00+0200", "2026-01-31T10:00:00.000Z"],
    ["2026-01-31T12:00-02:30", "2026-01-31T14:30:00.000Z"],
    ["2026-01-31T12:00:00.5+0200", "2026-01-31T10:00:00.500Z"],
    ["2026-01-31T12:00:00-0030", "2026-01-31T12:30:00.000Z"],
    ["2026-01-31T12:00:00", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T9:05:07", "2026-01-31T09:05:07.000Z"],
    ["2026-01-31T0:00:00Z", "2026-01-31T00:00:00.000Z"],
    ["2015-03-02T8:27:58.721607+06:00", "2015-03-02T02:27:58.721Z"],
    ["2026-01-31T12:00:00.1Z", "2026-01-31T12:00:00.100Z"],
    ["2026-01-31T12:00:00.12", "2026-01-31T12:00:00.120Z"],
    ["2026-01-31T12:00:00.9999999999999999999Z", "2026-01-31T12:00:00.999Z"],
    [`2026-01-31T12:00:00.${"0".repeat(4000)}1+00:00`, "2026-01-31T12:00:00.000Z"],
    ["1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"],
    ["2026-01-31T23:59:59-00:00", "2026-01-31T23:59:59.000Z"],
    ["2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00.000Z"],
    ["2024-03-01T00:30:00+23:59", "2024-02-29T00:31:00.000Z"],
    ["2026-12-31T23:30:00-00:45", "2027-01-01T00:15:00.000Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"],
    // The written year counts, not that of the instant.
    ["1900-01-01T00:00:00+00:01", "1899-12-31T23:59:00.000Z"],
    ["2200-12-31T23:59:59.999-12:00", "2201-01-01T11:59:59.999Z"]
  ])("reads %s", (text, instant) => {
    expect(iso(text)).toBe(instant)
  })

  it.each([
    "",
    "2026-01-31",
    "2026-01-31T",
    "2026-01-31T12",
    "2026-01-31T12:00.5Z",
    "2026-01-31T12:00:Z",
    "2026-01-31T12:00:",
    "2026-01-31T12:0Z",
    "2026-01-31T12+01:00",
    "12:00:00",
    "1899-12-31T23:59:59Z",
    "2201-01-01T00:00:00Z",
    "2201-01-01T00:00:00+14:00",
    "0000-01-01T00:00:00Z",
    "+002026-01-31T12:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-06-31T00:00:00Z",
    "2026-09-31T00:00:00Z",
    "2026-11-31T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T12:60:00Z",
    "2026-01-31T12:00:60Z",
    "2026-01-31T23:59:60Z",
    "2026-01-31T12:0:00Z",
    "2026-01-31T12:00:0Z",
    "2026-01-31T123:00:00Z",
    "2026-01-31T:00:00Z",
    "2026-1-31T12:00:00Z",
    "2026-01-1T12:00:00Z",
    "26-01-31T12:00:00Z",
    "2026/01/31T12:00:00Z",
    "2026-01-31_12:00:00Z",
    "2026-01-31  12:00:00Z",
    "2026-01-31T12:00:00.Z",
    "2026-01-31T12:00:00.",
    "2026-01-31T12:00:00,5Z",
    "2026-01-31T12:00:00.5.5Z",
    "2026-01-31T12:00:00+24:00",
    "2026-01-31T12:00:00+01:60",
    "2026-01-31T12:00:00+1:00",
    "2026-01-31T12:00:00+010",
    "2026-01-31T12:00:00+01000",
    "2026-01-31T12:00:00+2400",
    "2026-01-31T12:00:00+0160",
    "2026-01-31T12:00:00+01:",
    "2026-01-31T12:00:00+01",
    "2026-01-31T12:00:00 +01:00",
    "2026-01-31T12:00:00\u221201:00",
    "2026-01-31T12:00:00ZZ",
    "2026-01-31T12:00:00Z ",
    " 2026-01-31T12:00:00Z",
    "2026-01-31T12:00:00Z\n",
    "2026-01-31T12:00:00UTC",
    "2026-01-31T12:00:00+01:00Z",
    "2026-01-31T12:00:00+01:000",
    "2026-01-31T1\uff12:00:00Z",
    "-2026-01-31T12:00:00Z",
    "1767225600",
    "Sat, 31 Jan 2026 12:00:00 GMT"
  ])("refuses %j", (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })

  it("agrees with the oracle on every day there is and is not", () => {
    for (let year = 1898; year <= 2202; year++) {
      for (let month = 0; month <= 13; month++) {
        for (const day of [0, 1, 28, 29, 30, 31, 32]) {
          const text = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}T00:00:00Z`
          if (parseTimestamp(text) !== oracle(text)) expect.fail(text)
        }
      }
    }
  })

  it("agrees with the oracle on texts that are nearly timestamps", () => {
    const random = seededRandom(1)
    const alphabet = "0123456789-:.TtZz+ \0x"
    let valid = 0
    for (let i = 0; i < 60_000; i++) {
      const two = (limit: number) => String(random.below(limit)).padStart(2, "0")
      let text = `${1895 + random.below(310)}-${two(14)}-${two(33)}${random.pick(["T", "t", " "])}${
        random.chance(0.3) ? random.below(10) : two(25)
      }:${two(61)}${random.chance(0.8) ? `:${two(61)}${random.chance(0.5) ? `.${"1234567890".slice(random.below(10))}` : ""}` : ""}${
        random.pick(["", "Z", "z", `+${two(25)}:${two(61)}`, `-${two(25)}${two(61)}`])
      }`
      for (let edits = random.pick([0, 0, 0, 1, 2]); edits > 0; edits--) {
        const at = random.below(text.length + 1)
        text = text.slice(0, at) + (random.chance(0.7) ? random.pick([...alphabet]) : "") + text.slice(at + random.below(2))
      }
      const expected = oracle(text)
      if (expected !== undefined) valid++
      if (parseTimestamp(text) !== expected) expect.fail(`${JSON.stringify(text)}: ${parseTimestamp(text)}, not ${expected}`)
    }
    // Enough of both kinds to mean something.
    expect(valid).toBeGreaterThan(10_000)
    expect(valid).toBeLessThan(50_000)
  })
})
