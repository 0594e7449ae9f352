import { PgConnection } from "@effect/sql-pg"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { describe, expect, inject } from "vitest"
import { activeDays, currentRun, format, formatDay, lengthOf, longestRun, ofDays, parse, union } from "../../src/values/dayRuns.ts"

const Day = Schema.Int.check(Schema.isBetween({ minimum: 20_000, maximum: 20_030 }))
const Days = Schema.Array(Day)
const toSet = (runs: ReadonlyArray<readonly [number, number]>) =>
  new Set(runs.flatMap((run) => Array.from({ length: lengthOf(run) }, (_, at) => run[0] + at)))
const first = Date.UTC(1899, 11, 31) / 86_400_000
const last = Date.UTC(2201, 0, 1) / 86_400_000

describe("dayRuns", () => {
  it.prop("hold the days they are made of, as few runs in order", [Days, Days], ([a, b]) => {
    const runs = union(ofDays(a), ofDays(b))
    expect(runs).toEqual(ofDays([...b, ...a]))
    expect(toSet(runs)).toEqual(new Set([...a, ...b]))
    expect(runs.every(([first, last], at) => first <= last && (at === 0 || first > (runs[at - 1]?.[1] ?? first) + 1))).toBe(true)
  })

  it.prop("count days and the longest run", [Days], ([days]) => {
    const set = new Set(days)
    const runFrom = (day: number): number => set.has(day) ? 1 + runFrom(day + 1) : 0
    expect(activeDays(ofDays(days))).toBe(set.size)
    expect(longestRun(ofDays(days))).toBe(Math.max(0, ...days.map(runFrom)))
  })

  it.prop("know the run up to today or yesterday", [Days, Day], ([days, today]) => {
    const known = new Set(days.filter((day) => day <= today))
    const end = known.has(today) ? today : today - 1
    let start = end
    while (known.has(start - 1)) start--
    expect(currentRun(ofDays(days), today)).toEqual(known.has(end) ? [start, end] : undefined)
  })

  it.prop("are read as they are written", [Days], ([days]) => {
    const runs = ofDays([...days, first, last])
    expect(parse(format(runs))).toEqual(runs)
  })

  it("are written as PostgreSQL writes a datemultirange", () => {
    const days = ["2026-01-01", "2026-01-03", "2026-01-02", "2026-02-28", "2026-03-01"].map((date) => Date.parse(date) / 86_400_000)
    expect(format(ofDays(days))).toBe("{[2026-01-01,2026-01-04),[2026-02-28,2026-03-02)}")
    expect(format(ofDays([first, last]))).toBe("{[1899-12-31,1900-01-01),[2201-01-01,2201-01-02)}")
    expect(format([])).toBe("{}")
    expect(parse("{}")).toEqual([])
    expect(formatDay(0)).toBe("1970-01-01")
  })

  it.each([
    "",
    "{",
    "{[2026-01-01,2026-01-04)",
    "{[2026-01-01,2026-01-04),}",
    "{[2026-01-01,2026-01-04]}",
    "{[2026-01-01,)}",
    "[2026-01-01,2026-01-04)"
  ])(
    "refuse %j",
    (text) => expect(() => parse(text)).toThrow("datemultirange")
  )

  it.effect("agree with PostgreSQL on text and union", () =>
    Effect.gen(function*() {
      const postgres = yield* PgConnection.make({ url: Redacted.make(inject("databaseUrl")) })
      const [a, b] = [ofDays([first, 0, 1, 5, 7]), ofDays([2, 6, 9, last])]
      const { rows } = yield* postgres.query("select ($1::text::datemultirange + $2::text::datemultirange)::text as days", [
        format(a),
        format(b)
      ], false)
      expect(rows).toEqual([{ days: format(union(a, b)) }])
      expect(union(a, b)).toEqual([[first, first], [0, 2], [5, 7], [9, 9], [last, last]])
    }))
})
