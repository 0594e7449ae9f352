import { assert, describe, it } from "@effect/vitest"
import { OpenApi } from "effect/http-api"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Api } from "../../src/http/Api.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const textOf = (file: string) => readFileSync(join(root, file), "utf8")
const sourcesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)

/** The first two cells of each row of a page's tables. */
const rowsOf = (page: string): ReadonlyArray<readonly [first: string, second: string]> =>
  textOf(page).split("\n").filter((line) => line.startsWith("| ")).map((line) => {
    const [, first = "", second = ""] = line.split("|")
    return [first.trim(), second.trim()] as const
  })

const quoted = (text: string): ReadonlyArray<string> => [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name)

describe("the pages", () => {
  it("have every setting, and no other", () => {
    const read = [...textOf("src/platform/Settings.ts").matchAll(/"([A-Z][A-Z_]{3,})"/g)].map(([, name = ""]) => name)
    assert.isAbove(read.length, 25)
    const told = rowsOf("docs/settings.md").flatMap(([names]) => quoted(names))
    assert.deepStrictEqual([...new Set(told)].sort(), [...new Set(read)].sort())
  })

  it("have every endpoint and every type of problem with its status, and no other", () => {
    const spec = OpenApi.fromApi(Api)
    const told = rowsOf("docs/api.md")
    const paths = told.flatMap(([first]) => quoted(first)).map((request) => /^(?:\w+ )?(\/[^?]*)/.exec(request)?.[1]).filter((path) =>
      path !== undefined
    )
    const described = [...Object.keys(spec.paths).map((path) => path.replace("{user_id}", "{id}")), "/openapi.json", "/docs"]
    assert.deepStrictEqual([...new Set(paths)].sort(), described.sort())

    const valueOf = (schema: object, name: string): unknown => {
      const { properties } = schema as { readonly properties?: Readonly<Record<string, { readonly enum?: ReadonlyArray<unknown> }>> }
      return properties?.[name]?.enum?.[0]
    }
    const declared = Object.values(spec.components.schemas)
      .filter((schema) => typeof valueOf(schema, "status") === "number" && typeof valueOf(schema, "type") === "string")
      .map((schema) => `${String(valueOf(schema, "type"))} ${String(valueOf(schema, "status"))}`)
    // Answered where no endpoint is, so no endpoint declares them.
    const framework = ["method-not-allowed 405", "not-found 404"]
    const types = told.filter(([, status]) => /^[45]\d\d$/.test(status)).map(([type, status]) => `${quoted(type)[0] ?? ""} ${status}`)
    assert.deepStrictEqual([...types].sort(), [...declared, ...framework].sort())
  })

  it("have every command", () => {
    const commands = sourcesIn("src/cli").flatMap((file) =>
      [...textOf(file).matchAll(/Command\.make\(\s*"([a-z-]+)"/g)].map(([, name = ""]) => name)
    ).filter((name) => name !== "playtally")
    assert.isAbove(commands.length, 20)
    const told = new Set(rowsOf("docs/commands.md").flatMap(([names]) => quoted(names).flatMap((name) => name.split(" "))))
    assert.deepStrictEqual(commands.filter((name) => !told.has(name)), [])
  })

  it("name log lines that the code writes", () => {
    const [, section = ""] = /^## Log lines$([^]*?)^## /m.exec(textOf("docs/operations.md")) ?? []
    const lines = section.split("\n").filter((line) => line.startsWith("| `")).flatMap((line) => quoted(line.split(" | ")[0] ?? ""))
    assert.isAbove(lines.length, 20)
    const code = sourcesIn("src").map(textOf).join("\n")
    // What a line leaves out stands between the others in the same order.
    const isWritten = (line: string) => {
      const parts = line.split("…").map((part) => part.trim()).filter((part) => part !== "")
      return new RegExp(parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[^]{0,200}?")).test(code)
    }
    assert.deepStrictEqual(lines.filter((line) => !isWritten(line)), [])
  })

  it("name an owner of every table, which is a room that writes it", () => {
    const told = (pattern: RegExp) =>
      readdirSync(join(root, "migrations")).flatMap((name) =>
        [...textOf(`migrations/${name}`).matchAll(pattern)].map(([, table = ""]) => table)
      )
    const created = [...new Set(told(/\bcreate table (\w+)/g)).difference(new Set(told(/\bdrop table (\w+)/g)))]
    const owners = new Map(rowsOf("docs/architecture.md").map(([table, room]) => [quoted(table)[0] ?? "", quoted(room)[0] ?? ""]))
    const wrong = created.filter((table) => {
      const owner = owners.get(table)
      if (owner === undefined || owner === "") return true
      const writes = new RegExp(`\\b(insert into|update|delete from)\\s+(only\\s+)?${table}\\b`)
      return !sourcesIn(`src/${owner}`).some((file) => writes.test(textOf(file)))
    })
    assert.deepStrictEqual(wrong, [])
  })
})
