import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))
const textOf = (file: string) => readFileSync(join(root, file), "utf8")

/** The first cell of each row of a part of the page. */
const told = (heading: string): ReadonlyArray<string> => {
  const [, part = ""] = new RegExp(`^## ${heading}$([^]*?)(?=^## |(?![^]))`, "m").exec(textOf("docs/operations.md")) ?? []
  return part.split("\n").filter((line) => line.startsWith("| ")).map((line) => line.slice(2).split(" | ")[0]?.trim() ?? "")
}

describe("docs/operations.md", () => {
  it("says what each alert asks for, and names no other", () => {
    const alerts = [...textOf("deploy/prometheus/alerts.yml").matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name)
    assert.isAbove(alerts.length, 20)
    assert.deepStrictEqual(told("Alerts").filter((cell) => cell.startsWith("Playtally")), alerts)
  })

  it("has every line that the code logs as a warning or worse", () => {
    const lines = told("Log lines").flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, line = ""]) => line))
    const patterns = lines.map((line) =>
      new RegExp(line.split("…").map((part) => part.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[^]{0,200}?"))
    )
    const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
    const logged = sources.flatMap((name) =>
      [...textOf(`src/${name}`).matchAll(/\blog(?:Warning|Error|Fatal)\(\s*(["`])([^]+?)\1/g)].map(([, , text = ""]) => text)
    )
    assert.isAbove(logged.length, 20)
    assert.deepStrictEqual(logged.filter((text) => !patterns.some((pattern) => pattern.test(text))), [])
  })
})
