import { describe, it } from "vitest"
import { logins } from "../../../src/projections/catalog/logins.ts"
import { login } from "../../support/events/events.ts"
import { projectionSpec } from "../../support/projections/projectionSpec.ts"

const given = (times: ReadonlyArray<string>, now: string, timeZone = "UTC") =>
  projectionSpec(logins, { now, timeZone }).given(...times.map((at) => login({ at })))
const onDays = (...days: ReadonlyArray<number>) => days.map((day) => `2026-01-${String(day).padStart(2, "0")}T12:00:00Z`)

describe("logins", () => {
  it.each(["UTC", "Pacific/Apia"])("keeps the laws of folds in %s", (timeZone) => projectionSpec(logins, { timeZone }).keepsTheLaws())

  it("starts at nothing", () => {
    given([], "2026-01-05T00:00:00Z").shows({
      login_count: 0,
      first_at: null,
      last_at: null,
      active_days: 0,
      longest_streak: 0,
      current_streak: 0,
      streak_expires_at: null
    })
  })

  it("counts logins, dates and runs of dates in any order", () => {
    given(onDays(9, 2, 1, 3, 8, 2, 2), "2026-01-09T23:59:59.999Z").shows({
      login_count: 7,
      first_at: "2026-01-01T12:00:00.000Z",
      last_at: "2026-01-09T12:00:00.000Z",
      active_days: 5,
      longest_streak: 3,
      current_streak: 2,
      streak_expires_at: "2026-01-11T00:00:00.000Z"
    })
  })

  it.each([
    ["2026-01-09T12:00:00Z", 2, "2026-01-11T00:00:00.000Z"],
    ["2026-01-10T23:59:59.999Z", 2, "2026-01-11T00:00:00.000Z"],
    ["2026-01-11T00:00:00Z", 0, null],
    // Later dates are left out of account: the run then ended on the 8th, and before it there was
    // none.
    ["2026-01-08T00:00:00Z", 1, "2026-01-10T00:00:00.000Z"],
    ["2026-01-07T23:59:59.999Z", 0, null],
    ["2026-01-02T12:00:00Z", 2, "2026-01-04T00:00:00.000Z"],
    ["2025-06-01T00:00:00Z", 0, null]
  ])("at %s the streak is %i and lasts to %s", (now, current_streak, streak_expires_at) => {
    given(onDays(1, 2, 3, 8, 9), now).includes({ active_days: 5, longest_streak: 3, current_streak, streak_expires_at })
  })

  it("takes the dates of the tenant's zone", () => {
    // Two dates in New York, one in UTC, one in Kathmandu.
    const both = ["2026-01-02T04:59:59.999Z", "2026-01-02T05:00:00Z"]
    given(both, "2026-01-02T06:00:00Z", "America/New_York").includes({
      active_days: 2,
      current_streak: 2,
      streak_expires_at: "2026-01-04T05:00:00.000Z"
    })
    given(both, "2026-01-02T06:00:00Z").includes({ active_days: 1, current_streak: 1 })
    given(both, "2026-01-02T18:15:00Z", "Asia/Kathmandu").includes({
      current_streak: 1,
      streak_expires_at: "2026-01-03T18:15:00.000Z"
    })
  })

  it("ends a streak at the first instant of a day whose midnight does not exist", () => {
    // In Cairo the clocks go from midnight of 24 April 2026 to one o'clock.
    given(["2026-04-22T12:00:00Z"], "2026-04-23T12:00:00Z", "Africa/Cairo").includes({
      current_streak: 1,
      streak_expires_at: "2026-04-23T22:00:00.000Z"
    })
  })

  it("goes on over a date that the zone left out", () => {
    // Samoa went from 29 to 31 December 2011 at ten o'clock UTC.
    const logins = ["2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00"]
    const read = (now: string, sent = logins) => given(sent, now, "Pacific/Apia")
    const lost = { streak_expires_at: "2011-12-31T10:00:00.000Z" }
    read("2011-12-30T09:59:59Z").includes({ active_days: 2, longest_streak: 2, current_streak: 1, ...lost })
    read("2011-12-30T22:00:00Z").includes({ active_days: 2, current_streak: 2, streak_expires_at: "2012-01-01T10:00:00.000Z" })
    // The 29th was yesterday.
    read("2011-12-30T10:00:00Z", logins.slice(0, 1)).includes({ current_streak: 1, ...lost })
    read("2011-12-31T10:00:00Z", logins.slice(0, 1)).includes({ current_streak: 0, streak_expires_at: null })
    // Days before the date are neighbours as ever, and days with another between them are none.
    read("2012-01-02T00:00:00Z", ["2011-12-28T12:00:00-10:00", ...logins]).includes({ longest_streak: 3 })
    read("2012-01-02T00:00:00Z", ["2011-12-28T12:00:00-10:00", "2011-12-31T12:00:00+14:00"]).includes({ longest_streak: 1 })
  })
})
