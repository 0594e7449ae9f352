import { describe, expect, it } from "vitest"
import { firstInstantOfDay, instantOf, localDay, timeString } from "./instant.ts"

describe("timestamps", () => {
  it("reads every spelling and cuts the fraction", () => {
    const read = (text: string) => timeString(instantOf(text))
    expect(read("2018-02-18T8:27:58.721607Z")).toBe("2018-02-18T08:27:58.721Z")
    expect(read("2018-02-18 18:13:06")).toBe("2018-02-18T18:13:06.000Z")
    expect(read("2018-02-18t00:13:06.9999-05:30")).toBe("2018-02-18T05:43:06.999Z")
    expect(read("1969-12-31T23:59:59.9999z")).toBe("1969-12-31T23:59:59.999Z")
    expect(read("2018-02-18T00:13:06+14:00")).toBe("2018-02-17T10:13:06.000Z")
    expect(() => read("2018-02-18")).toThrow("timestamp")
  })

  it("finds days and where they begin", () => {
    const newYork = "America/New_York"
    const start = firstInstantOfDay(localDay(Date.parse("2026-03-08T12:00:00Z"), newYork), newYork)
    expect(timeString(start)).toBe("2026-03-08T05:00:00.000Z")
    expect(
      [start - 1, start, start + 23 * 3_600_000 - 1, start + 23 * 3_600_000].map((instant) =>
        localDay(instant, newYork) - localDay(start, newYork)
      )
    )
      .toEqual([-1, 0, 0, 1])
  })
})
