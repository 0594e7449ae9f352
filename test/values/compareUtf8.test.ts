import { it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { compareUtf8 } from "../../src/values/compareUtf8.ts"

// The last and first code points of each length in UTF-8, those around the surrogates, and the
// shortest texts of each.
const Character = Schema.Literals([
  "",
  "a",
  "b",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{10000}",
  "\u{10ffff}"
])
const Text = Schema.Array(Character)

describe("compareUtf8", () => {
  it.prop("orders as the bytes do", [Text, Text, Text], ([start, a, b]) => {
    const [left, right] = [[...start, ...a].join(""), [...start, ...b].join("")]
    expect(Math.sign(compareUtf8(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)))
  }, { arbitrary: { runs: 500 } })

  it("puts an emoji behind a fullwidth letter, unlike UTF-16", () => {
    expect(["😀", "\uff5e"].sort()).toEqual(["😀", "\uff5e"])
    expect(["😀", "\uff5e"].sort(compareUtf8)).toEqual(["\uff5e", "😀"])
  })
})
