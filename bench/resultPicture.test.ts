import { assert, describe, it } from "@effect/vitest"
import type { Outcome } from "./Measurement.ts"
import { resultPicture } from "./resultPicture.ts"
import { resultTable } from "./resultTable.ts"

const outcomes: ReadonlyArray<Outcome> = [
  {
    name: "first",
    title: "more & <less> of \"it\"",
    status: "measured",
    seconds: 1,
    measurements: [
      { what: "half", unit: "events/s", values: [90, 100, 110], against: { what: "<b>", values: [200, 200, 200] } },
      { what: "whole", unit: "events/s", values: [200] },
      { what: "nothing", unit: "ms", values: [NaN] }
    ],
    series: [{ title: "lag", unit: "events", lines: [{ name: "a&b", points: [[0, 0], [1, 5], [2, NaN]] }, { name: "empty", points: [] }] }],
    notes: ["a note"]
  },
  { name: "second", title: "never", status: "not measured", why: "no <way>", seconds: 0, measurements: [] }
]

/**
 * The names of elements, if every one is closed where it should be and nothing between them could
 * be taken for markup.
 */
const elementsOf = (xml: string): ReadonlyArray<string> => {
  const open: Array<string> = []
  const names: Array<string> = []
  const rest = xml.replaceAll(/<(\/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<]*")*) ?(\/?)>/g, (_, end: string, name: string, __, empty: string) => {
    if (end === "/") assert.strictEqual(open.pop(), name)
    else {
      names.push(name)
      if (empty === "") open.push(name)
    }
    return ""
  })
  assert.deepStrictEqual(open, [])
  assert.notMatch(rest.replaceAll(/&(?:amp|lt|gt|quot);/g, ""), /[<>&]/)
  return names
}

describe("what was found", () => {
  it("is a well-formed picture, whatever the texts and values", () => {
    const picture = resultPicture(outcomes, ["a machine & its <load>"])
    const names = elementsOf(picture)
    assert.strictEqual(names[0], "svg")
    assert.strictEqual(names.filter((name) => name === "rect").length, 1 + 3)
    assert.notMatch(picture, /NaN|undefined|Infinity/)
    const [half, whole] = [...picture.matchAll(/width="([\d.]+)" height="12"/g)].map(([, width]) => Number(width))
    assert.strictEqual((half ?? 0) * 2, whole)
  })

  it("is a table with medians, spreads and ratios, and says what was not measured", () => {
    const table = resultTable(outcomes).join("\n")
    assert.match(table, /half +100 +90\.0-110 +events\/s +0\.50 +0\.45-0\.55 +of <b> \(200\)/)
    assert.match(table, /second: never\n +not measured: no <way>/)
    assert.match(table, /\* a note/)
  })
})
