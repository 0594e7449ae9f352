import { assert, describe, it } from "@effect/vitest"
import { OpenApi } from "effect/http-api"
import { execFile } from "node:child_process"
import { mkdtemp, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Api } from "../../src/http/Api.ts"
import { removeFolder } from "../support/removeFolder.ts"

const program = fileURLToPath(new URL("../../node_modules/@redocly/cli/bin/cli.js", import.meta.url))
const rules = fileURLToPath(new URL("redocly.yaml", import.meta.url))
const runtime = process.versions["deno"] === undefined ? [] : ["run", "-A"]

interface Finding {
  readonly ruleId: string
  readonly message: string
  readonly location: ReadonlyArray<{ readonly pointer?: string }>
}

/** What Redocly finds in a document: a line each. It asks nobody on the network. */
const lint = async (document: object): Promise<ReadonlyArray<string>> => {
  const folder = await mkdtemp(join(tmpdir(), "playtally-lint-"))
  try {
    const file = join(folder, "openapi.json")
    await writeFile(file, JSON.stringify(document))
    const output = await new Promise<string>((resolve, reject) =>
      execFile(
        process.execPath,
        [...runtime, program, "lint", file, "--config", rules, "--format", "json"],
        { cwd: folder, env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" } },
        // It ends with 1 where it found something.
        (error, stdout, stderr) => stdout.startsWith("{") ? resolve(stdout) : reject(new Error(stderr, { cause: error }))
      )
    )
    const { problems } = JSON.parse(output) as { readonly problems: ReadonlyArray<Finding> }
    return problems.map(({ location, message, ruleId }) => `${ruleId}: ${message} (${location[0]?.pointer ?? ""})`)
  } finally {
    await removeFolder(folder)
  }
}

describe("the OpenAPI document, to a linter,", () => {
  it("is as it should be", async () => {
    assert.deepStrictEqual(await lint(OpenApi.fromApi(Api)), [])
  })

  it("is one in which it finds what is wrong", async () => {
    const { info: { title, version }, ...document } = OpenApi.fromApi(Api)
    const found = await lint({ ...document, info: { title, version } })
    assert.deepStrictEqual(found.map((line) => line.split(":")[0]), ["info-license"])
  })
})
