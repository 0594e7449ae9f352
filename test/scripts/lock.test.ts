import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"

interface Entry {
  readonly integrity?: string
  readonly resolved?: string
}

it.each(["package-lock.json", "bench/emmett/package-lock.json"])(
  "%s has a hash for everything that may be installed, and names no host",
  (file) => {
    const { packages } = JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")) as {
      readonly packages: Readonly<Record<string, Entry>>
    }
    const installed = Object.entries(packages).filter(([path]) => path !== "")
    assert.isAbove(installed.length, 40)
    assert.deepStrictEqual(installed.filter(([, { integrity = "" }]) => !/^sha512-[\w+/]{86}==$/.test(integrity)).map(([path]) => path), [])
    assert.deepStrictEqual(installed.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path), [])
  }
)

it("brings no Node without a hash", () => {
  const script = readFileSync(new URL("../../scripts/bringNode.mjs", import.meta.url), "utf8")
  const [names, hashes] = [/^ {4}version: "[\d.]+",$/gm, /^ {4}integrity: "sha512-[\w+/]{86}=="$/gm].map((line) =>
    script.match(line)?.length
  )
  assert.deepStrictEqual([names, hashes], [4, 4])
})
