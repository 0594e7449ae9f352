import { describe, expect, it } from "vitest"
import { currentZones } from "../../../src/values/zones/pinnedZones.ts"
import { zoneProblem } from "../../../src/values/zones/zoneProblem.ts"

describe("the name of a tenant's zone", () => {
  it.each(["UTC", "Etc/UTC", "Etc/GMT+1", "Europe/Malta", "Asia/Kolkata", "Asia/Calcutta", "US/Pacific", "America/Argentina/Buenos_Aires"])(
    "may be %s",
    (name) => expect(zoneProblem(name)).toBeUndefined()
  )

  it.each([
    ["europe/malta", "\"europe/malta\" is not how the zone is spelled: it is Europe/Malta."],
    ["EUROPE/MALTA", "it is Europe/Malta."],
    ["utc", "it is UTC."],
    ["etc/gmt+1", "it is Etc/GMT+1."],
    ["EST", "\"EST\" is an abbreviation that IANA keeps for old systems: the zone is America/Panama."],
    ["gb", "the zone is Europe/London."],
    ["Zulu", "the zone is UTC."],
    ["GMT", "the zone is UTC."],
    ["CET", "the zone is Europe/Brussels."],
    [
      "+02:00",
      "\"+02:00\" is an offset, which has no summer time: name a place, such as Europe/Malta, or Etc/GMT-2 for an offset that never changes (the sign is the other way round there)."
    ],
    ["-0330", "name a place, such as Europe/Malta."],
    ["+00:00", "or UTC."],
    ["GMT+1", "\"GMT+1\" is not the name of a time zone of IANA's, such as Europe/Malta or UTC."],
    ["Mars/Base", "is not the name of a time zone"],
    ["", "\"\" is not the name"],
    [" Europe/Malta", "is not the name"],
    ["__proto__", "is not the name"]
  ])("is not %j", (text, problem) => expect(zoneProblem(text)).toContain(problem))

  it("of IANA's is either taken or told otherwise, and what is told is taken", () => {
    for (const name of currentZones.names.keys()) {
      const problem = zoneProblem(name)
      const [, told] = /the zone is (\S+)\.$/.exec(problem ?? "") ?? []
      if (problem === undefined) expect(zoneProblem(name.toLowerCase()) ?? `it is ${name}.`).toContain(`it is ${name}.`)
      else if (told === undefined) expect(problem).toContain("name a place")
      else expect(zoneProblem(told), name).toBeUndefined()
    }
  })
})
