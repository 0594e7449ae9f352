import { describe, expect, it } from "@effect/vitest"
import { known } from "../../src/values/known.ts"

describe("known", () => {
  it("gives what is there, also 0, an empty text and false", () => {
    for (const value of [0, "", false, Number.NaN]) expect(known(value, "value")).toBe(value)
  })

  it("throws a defect that names what is missing", () => {
    expect(() => known(undefined, "the answer's row")).toThrow("Missing the answer's row: this is a defect")
    expect(() => known(null, "the answer's row")).toThrow("Missing the answer's row: this is a defect")
  })
})
