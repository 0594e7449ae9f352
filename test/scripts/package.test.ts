import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readdirSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import packageJson from "../../package.json" with { type: "json" }
import { sourcesIn } from "../../src/projections/versions/CatalogSources.ts"
import { installedPackage } from "../support/service/installedPackage.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))

describe("the package", () => {
  it("says what it is, and names no place that it comes from", () => {
    assert.notMatch(JSON.stringify(packageJson), /"(private|repository|homepage|bugs|publishConfig)"|https?:|\/work\//)
    for (const version of Object.values(packageJson.dependencies)) assert.match(version, /^(npm:[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/)
  })

  // A package is for Node: Deno runs a working copy as it is.
  it.live.skipIf(process.versions["deno"] !== undefined)(
    "starts, takes a batch, runs commands and stops, from an empty folder",
    () =>
      Effect.gen(function*() {
        const { files, folder, run, start } = yield* installedPackage({ dependencies: "Linked" })
        for (
          const file of [
            "README.md",
            "LICENSE",
            "bin/playtally.mjs",
            "dist/src/main.js",
            "dist/src/projection.d.ts",
            "dist/src/http/EffectClient.d.ts"
          ]
        ) {
          assert.include(files, file)
        }
        assert.deepStrictEqual(files.filter((file) => /^(?!.*\.d\.ts$).*\.ts$|^(test|bench|docs|src|node_modules)\//.test(file)), [])
        const assets = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && !entry.name.endsWith(".ts"))
          .map(({ name, parentPath }) => `dist/${join(parentPath, name).slice(root.length)}`)
        assert.deepStrictEqual(assets.filter((path) => !files.includes(path)), [])
        for (const entry of Object.values(packageJson.exports)) {
          if (typeof entry !== "string") assert.includeMembers([...files], [entry.default.slice(2), entry.types.slice(2)])
        }

        const noted = yield* Effect.promise(() =>
          readFile(join(folder, "node_modules/playtally/dist/src/projections/versions/sources.json"), "utf8")
        )
        const sources = sourcesIn(new URL("../../src/projections/catalog/catalog.ts", import.meta.url))
        assert.isAbove(sources.size, 10)
        assert.deepStrictEqual(JSON.parse(noted), Object.fromEntries(sources))

        const service = yield* start([])
        const key = (yield* Effect.promise(() => readFile(join(folder, ".data/bootstrap-api-key"), "utf8"))).trim()
        const body = /-d '(.+?)'/.exec(service.greeting)?.[1] ?? assert.fail(service.greeting)
        const headers = { "x-api-key": key, "content-type": "application/json" }
        const ask = (path: string, options: RequestInit = {}) =>
          Effect.promise(() => fetch(`${service.url}${path}`, { headers, ...options }))
        const sent = yield* ask("/api/v1/integrations/fasttrack/bulk", { method: "POST", body })
        assert.strictEqual(sent.status, 204)
        // By the thread of the projections, and by the thread that makes the documents.
        const read = yield* ask("/api/v1/users/player-1/counters?consistency=strong")
        assert.nestedPropertyVal(yield* Effect.promise(() => read.json()), "casino.EUR.bet_count", 1)
        const described = yield* ask("/openapi.json")
        assert.nestedPropertyVal(yield* Effect.promise(() => described.json()), "info.title", "playtally")

        assert.deepStrictEqual(yield* run(["--version"]), { code: 0, stdout: `playtally v${packageJson.version}\n`, stderr: "" })
        const explained = yield* run(["explain", "demo", "player-1", "casino.EUR.bet_amount"])
        assert.include(explained.stdout, "casino.EUR.bet_amount is 2.5", explained.stderr)
        const versions = yield* run(["projections", "list"])
        assert.notInclude(versions.stdout, "source changed", versions.stderr)

        assert.strictEqual((yield* service.stop).code, 0)
        assert.notInclude(readdirSync(join(folder, ".data/postgres/data")), "postmaster.pid")
      }).pipe(Effect.scoped),
    // The compiler takes most of it.
    300_000
  )
})
