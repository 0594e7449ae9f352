import { expect, it } from "@effect/vitest"
import { readFileSync } from "node:fs"

const textOf = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8")

/** The options of V8 in a line of the file. */
const optionsIn = (name: string, line: RegExp) =>
  Array.from(line.exec(textOf(name))?.[0].matchAll(/--[a-z-]+=\d+/g) ?? [], ([option]) => option)

it("starts the service with the bounds that `npm start` gives its heap", () => {
  const options = optionsIn("scripts/bringNode.mjs", /^export const heap = .*$/m)
  expect(options).not.toEqual([])
  expect(optionsIn("Dockerfile", /^CMD .*$/m)).toEqual(options)
})
