import { assert, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))

/** The most columns of a line of a comment, its indentation included. */
const widest = 100

/** A line that is nothing but a comment. A word that does not fit has a line of its own. */
const isTooWide = (line: string): boolean => line.length > widest && /^\s*(\/\/|\/?\*)\s(?!oxlint-).*\S\s+\S/.test(line)

const sources = ["src", "test", "bench", "migrations", "client/src"].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules") && name !== "ApiDescription.ts")
    .map((name) => `${folder}/${name}`)
)

it(`comments have at most ${widest} columns`, () => {
  assert.isAbove(sources.length, 500)
  const found = sources.flatMap((file) =>
    readFileSync(`${root}${file}`, "utf8").split("\n").flatMap((line, index) => isTooWide(line) ? [`${file}:${index + 1}`] : [])
  )
  assert.deepStrictEqual(found, [])
})
