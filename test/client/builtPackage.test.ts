import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { TestDatabase } from "../support/database/TestDatabase.ts"
import { removeFolder } from "../support/removeFolder.ts"
import { apiKey, startService } from "../support/service/ServiceProcess.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const compiler = join(root, "node_modules/@typescript/native/bin/tsc")
const onThisRuntime = process.versions["deno"] === undefined ? [] : ["run", "-A"]

/** Runs a program to its end; what it printed. Fails with that unless all is well. */
const run = (program: string, args: ReadonlyArray<string>, cwd: string) =>
  Effect.promise((signal) =>
    new Promise<string>((done, failed) => {
      execFile(program, args, { signal, cwd }, (error, stdout, stderr) => {
        if (error === null) done(stdout)
        else failed(new Error(`${stdout}${stderr}`, { cause: error }))
      })
    })
  )

/** What a user writes. It prints what it got, for the test to look at. */
const program = `
import { exact, Playtally, PlaytallyError, type SendReport } from "playtally-client"

const [url = "", key = ""] = process.argv.slice(2)
const playtally = new Playtally({ url, key })
const report: SendReport = await playtally.send([{
  event: "realtime-casino",
  data: {
    user_id: "player-1", timestamp: "2026-01-31T12:00:00Z", unique_id: "bet-1", game_id: "starburst", round_id: "round-1",
    type: "bet", amount: exact("12345678901234567.89"), currency: "EUR", bonus_wager_amount: 0
  }
}])
const counters = await playtally.counters("player-1", { consistency: "strong" })
const amount: string | undefined = counters?.casino?.["EUR"]?.bet_amount
const refused: unknown = await new Playtally({ url, key: "wrong" }).counters("player-1").catch((cause: unknown) => cause)
console.log(JSON.stringify({ stored: report.stored, amount, type: refused instanceof PlaytallyError ? refused.type : refused }))
`

const settings = {
  compilerOptions: {
    target: "ES2022",
    module: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    lib: ["ES2022", "DOM"],
    types: []
  }
}

layer(TestDatabase.layer, { excludeTestServices: true })("the package of the client, as it is published", (it) => {
  it.effect("has types for a strict program, needs no other package, and sends on the Node of the machine", () =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "playtally-client-"))),
        (folder) => Effect.promise(() => removeFolder(folder))
      )
      const installed = join(folder, "node_modules/playtally-client")
      yield* Effect.promise(() => mkdir(installed, { recursive: true }))
      yield* run(process.execPath, [...onThisRuntime, compiler, "-p", join(root, "client"), "--outDir", join(installed, "dist")], root)
      yield* Effect.promise(() => cp(join(root, "client/package.json"), join(installed, "package.json")))
      const manifest = JSON.parse(yield* Effect.promise(() => readFile(join(installed, "package.json"), "utf8"))) as Record<string, unknown>
      assert.notProperty(manifest, "dependencies")
      // Nothing of a runtime: it is for browsers too.
      const files = yield* Effect.promise(() => readdir(join(installed, "dist")))
      for (const file of files.filter((name) => name.endsWith(".js"))) {
        const code = yield* Effect.promise(() => readFile(join(installed, "dist", file), "utf8"))
        assert.deepStrictEqual([...code.matchAll(/from "([^"]+)"/g)].filter(([, from = ""]) => !/^\.\/\w+\.js$/.test(from)), [], file)
        assert.notMatch(code, /\b(process|Buffer|Deno|require)\b[.(]/, file)
      }

      yield* Effect.promise(async () => {
        await writeFile(join(folder, "program.ts"), `declare const process: { argv: Array<string> }\n${program}`)
        await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }))
        await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ ...settings, files: ["program.ts"] }))
      })
      yield* run(process.execPath, [...onThisRuntime, compiler, "-p", folder], folder)
      const { url } = yield* startService()
      // `node` is the machine's own, also where the tests run on Deno or on a newer Node.
      for (const [name, args] of [["node", []], [process.execPath, onThisRuntime]] as const) {
        const told = yield* run(name, [...args, join(folder, "program.js"), url, apiKey], folder)
        assert.deepStrictEqual(JSON.parse(told), { stored: 1, amount: "12345678901234567.89", type: "unauthenticated" }, name)
      }
    }), 60_000)
})
