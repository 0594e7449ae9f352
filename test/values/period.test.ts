import { describe, expect, it } from "vitest"
import { formatDay, parseDay } from "../../src/values/dayRuns.ts"
import { periodOf } from "../../src/values/period.ts"

const period = (date: string, ...rest: readonly ["day" | "week" | "month", number]) =>
  periodOf(parseDay(date) ?? Number.NaN, ...rest).map(formatDay)

describe("periodOf", () => {
  it.each(
    [
      // 2026-01-01 is a Thursday.
      ["2026-01-01", 1, "2025-12-29", "2026-01-04"],
      ["2026-01-04", 1, "2025-12-29", "2026-01-04"],
      ["2026-01-05", 1, "2026-01-05", "2026-01-11"],
      ["2026-01-01", 4, "2026-01-01", "2026-01-07"],
      ["2025-12-31", 4, "2025-12-25", "2025-12-31"],
      ["2026-01-03", 7, "2025-12-28", "2026-01-03"],
      ["2026-01-04", 7, "2026-01-04", "2026-01-10"],
      ["2024-02-29", 6, "2024-02-24", "2024-03-01"],
      ["1970-01-01", 1, "1969-12-29", "1970-01-04"],
      ["1969-12-28", 1, "1969-12-22", "1969-12-28"],
      ["1899-12-31", 1, "1899-12-25", "1899-12-31"]
    ] as const
  )("week of %s beginning on day %s: %s to %s", (date, weekStart, first, last) => {
    expect(period(date, "week", weekStart)).toEqual([first, last])
  })

  it.each(
    [
      ["2026-02-28", "2026-02-01", "2026-02-28"],
      ["2024-02-29", "2024-02-01", "2024-02-29"],
      ["1900-02-01", "1900-02-01", "1900-02-28"],
      ["2025-12-31", "2025-12-01", "2025-12-31"],
      ["1969-12-31", "1969-12-01", "1969-12-31"]
    ] as const
  )("month of %s: %s to %s", (date, first, last) => {
    expect(period(date, "month", 1)).toEqual([first, last])
  })

  it("puts every day into one period, each beginning after the one before ends", () => {
    for (const granularity of ["day", "week", "month"] as const) {
      for (const weekStart of [1, 2, 3, 4, 5, 6, 7]) {
        let [start, end] = periodOf(-1000, granularity, weekStart)
        for (let day = -1000; day < 1000; day++) {
          const [first, last] = periodOf(day, granularity, weekStart)
          expect(first <= day && day <= last).toBe(true)
          if (day > end) [start, end] = [end + 1, last]
          expect([first, last]).toEqual([start, end])
          if (granularity === "week") expect(last - first).toBe(6)
        }
      }
    }
  })
})

describe("parseDay", () => {
  it("reads what formatDay writes, and no date that does not exist", () => {
    for (const day of [-719_162, -1, 0, 59, 20_454, 84_372]) expect(parseDay(formatDay(day))).toBe(day)
    const others = [
      "2026-02-29",
      "2026-04-31",
      "2026-13-01",
      "2026-00-10",
      "2026-1-1",
      "20260101",
      "2026-01-01T00:00:00Z",
      " 2026-01-01",
      "+002026-01-01",
      ""
    ]
    for (const text of others) expect(parseDay(text), text).toBeUndefined()
  })
})
