import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { withoutLayout } from "../../../src/projections/versions/withoutLayout.ts"

describe("withoutLayout", () => {
  it.each([
    ["const a = 1 // one", "const   a=1"],
    ["f(/* what */ a,\n  b,\n)", "f(a, b)"],
    ["[1,\n 2, // two\n]", "[1, 2]"],
    ["/** Doc. */ export const a = `x ${ { b: 1 } } y`", "export const a=`x ${{b:1}} y`"],
    ["const r = /[/\"']\\// // no", "const r=/[/\"']\\//"],
    ["return /a/.test(b) // c", "return/a/.test(b)"],
    ["`a ${ `b ${ c /* d */ } // e` } f`", "`a ${`b ${c} // e`} f`"]
  ])("says the same of %j and %j", (a, b) => assert.strictEqual(withoutLayout(a), withoutLayout(b)))

  it.each([
    ["const a = 1", "const a = 2"],
    ["\"a // b\"", "\"a // c\""],
    ["`a  b`", "`a b`"],
    ["'a /* b */'", "'a'"],
    ["a / b // c", "a / c // b"],
    ["const r = /\\/\\/ a/", "const r = /\\/\\/ b/"],
    ["return a", "returna"],
    ["`${a} /* x */`", "`${a} /* y */`"]
  ])("tells %j from %j", (a, b) => assert.notStrictEqual(withoutLayout(a), withoutLayout(b)))

  it("is stable, on all of this code", () => {
    const folder = new URL("../../../src/", import.meta.url)
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
    assert.isAbove(files.length, 100)
    for (const file of files) {
      const source = readFileSync(new URL(file, folder), "utf8")
      const text = withoutLayout(source)
      assert.strictEqual(withoutLayout(text), text, file)
      assert.strictEqual(withoutLayout(source.replaceAll("\n", "\r\n")).replaceAll("\r\n", "\n"), text, file)
    }
  })
})
