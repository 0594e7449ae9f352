import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))
const textOf = (file: string) => readFileSync(join(root, file), "utf8")
const filesIn = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && !name.includes("node_modules"))
    .map((name) => `${folder === "." ? "" : `${folder}/`}${name.replaceAll("\\", "/")}`)

/** Words that the house does without: CONTRIBUTING.md says how it is written instead. */
const avoided = /\b(whoever|anew|so many)\b/i

/** The most words from one end of a sentence, colon or semicolon to the next. */
const mostWords = 25

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...filesIn("docs", ".md"),
  "client/README.md",
  "test/README.md"
]

/** A page without code blocks and remarks, and its links as they are read. */
const proseOf = (page: string) =>
  textOf(page)
    .replaceAll(/<!--[^]*?-->/g, "")
    .replaceAll(/^( *)```[^]*?^\1```/gm, "")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")

const clausesOf = (page: string): ReadonlyArray<string> =>
  proseOf(page)
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )|\n(?=[#|])/)
    .flatMap((block) => block.trimStart().startsWith("|") ? block.split("|") : [block])
    .flatMap((part) => part.replaceAll(/\s+/g, " ").split(/(?<=[.!?:;])[ *]+/))
    .map((clause) => clause.trim())

/** The comments of a source with the numbers of their lines. */
const commentLines = (file: string): ReadonlyArray<readonly [number: number, line: string]> =>
  textOf(file).split("\n").flatMap((line, index) => /^\s*(\/\/|\/?\*|--)\s/.test(line) ? [[index + 1, line] as const] : [])

describe("the prose", () => {
  it("of pages does without the words that the house avoids", () => {
    assert.isAbove(pages.length, 30)
    const found = pages.flatMap((page) =>
      proseOf(page).split("\n").filter((line) => avoided.test(line)).map((line) => `${page}: ${line.trim().slice(0, 120)}`)
    )
    assert.deepStrictEqual(found, [])
  })

  it(`of pages has at most ${mostWords} words a sentence`, () => {
    const found = pages.flatMap((page) =>
      clausesOf(page).filter((clause) => clause.split(" ").length > mostWords).map((clause) => `${page}: ${clause}`)
    )
    assert.deepStrictEqual(found, [])
  })

  it("of comments in the source does without the words that the house avoids", () => {
    const sources = [...filesIn("src", ".ts"), ...filesIn("client/src", ".ts")]
    assert.isAbove(sources.flatMap(commentLines).length, 3000)
    const found = sources.flatMap((file) =>
      commentLines(file).filter(([, line]) => avoided.test(line)).map(([number, line]) => `${file}:${number} ${line.trim()}`)
    )
    assert.deepStrictEqual(found, [])
  })
})
