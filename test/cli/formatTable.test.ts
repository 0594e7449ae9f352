import { assert, it } from "@effect/vitest"
import { formatTable } from "../../src/cli/formatTable.ts"

it("aligns columns by the cells of the terminal that a text takes, and lets a text do nothing to it", () => {
  assert.deepStrictEqual(
    formatTable(["NAME", "WHERE", "LAST"], [["ファイル", "é", "x"], ["1️⃣", "\u001b[1mb", "a long last one"], ["", "plain", ""]]),
    [
      "NAME      WHERE       LAST",
      "ファイル  é           x",
      "1️⃣        \\u001b[1mb  a long last one",
      "          plain       "
    ]
  )
})
