import { assert, describe, it } from "@effect/vitest"
import { parsePrefer } from "../../../src/http/requests/parsePrefer.ts"

describe("parsePrefer", () => {
  it.each<[header: string | undefined, preferences: Record<string, string>]>([
    [undefined, {}],
    ["", {}],
    ["handling=strict", { handling: "strict" }],
    ["HANDLING = Strict", { handling: "strict" }],
    ["handling=\"strict\"", { handling: "strict" }],
    ["handling=\"st\\rict\"", { handling: "strict" }],
    ["respond-async, wait=10,handling=strict", { "respond-async": "", wait: "10", handling: "strict" }],
    ["handling=strict; because=\"a, b\"; x, wait=3", { handling: "strict", wait: "3" }],
    ["x=\"handling=strict, wait=3\"", { x: "handling=strict, wait=3" }],
    ["x; handling=strict", { x: "" }],
    // The first of equal names counts.
    ["handling=lenient, handling=strict", { handling: "lenient" }],
    // What is not well-formed does not count, and hides nothing else.
    ["handling strict, =strict, handling=, \"handling\"=strict, wait=3", { wait: "3" }],
    ["handling=strict,, ,wait=3", { handling: "strict", wait: "3" }]
  ])("%s", (header, preferences) => {
    assert.deepStrictEqual(Object.fromEntries(parsePrefer(header)), preferences)
  })

  it("takes no longer the more quotes stay open", () => {
    for (const header of ["x=\"a".repeat(4000), `"${"\\\"".repeat(50_000)}`, `${"\"\\".repeat(50_000)}`]) {
      const start = performance.now()
      parsePrefer(header)
      assert.isBelow(performance.now() - start, 1000)
    }
  })
})
